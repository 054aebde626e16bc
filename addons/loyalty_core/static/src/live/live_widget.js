import { Component, onWillUnmount, useEffect, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const PAUSE_MS = 2_000;

/**
 * A record on which a scheduler works is read again and again while it works, so that its page moves on by itself. What
 * a person has changed on it and not saved yet is never taken away.
 */
export class Live extends Component {
    static template = xml`<span class="d-none"/>`;
    static props = { ...standardWidgetProps };

    setup() {
        this.timer = null;
        useEffect(
            (state) => {
                if (["queued", "running"].includes(state)) {
                    this.next();
                }
                return () => clearTimeout(this.timer);
            },
            () => [this.props.record.data.state, this.props.record.resId]
        );
        onWillUnmount(() => {
            this.isGone = true;
        });
    }

    next() {
        this.timer = setTimeout(async () => {
            const { record } = this.props;
            if (!document.hidden && !(await record.isDirty())) {
                await record.load();
            }
            if (!this.isGone && ["queued", "running"].includes(record.data.state)) {
                this.next();
            }
        }, PAUSE_MS);
    }
}

registry.category("view_widgets").add("loy_live", {
    component: Live,
    fieldDependencies: [{ name: "state", type: "selection", readonly: true }],
});
