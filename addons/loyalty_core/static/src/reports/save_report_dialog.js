import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { useAutofocus } from "@web/core/utils/hooks";

/** Asks under what name a report is saved, and for whom. */
export class SaveReportDialog extends Component {
    static template = "loyalty_core.SaveReportDialog";
    static components = { Dialog };
    static props = { close: Function, name: String, save: Function };

    setup() {
        this.state = useState({ name: this.props.name, isShared: false });
        useAutofocus();
    }

    async save() {
        const name = this.state.name.trim();
        if (name) {
            await this.props.save(name, this.state.isShared);
            this.props.close();
        }
    }
}
