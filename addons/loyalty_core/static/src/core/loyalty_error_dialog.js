import { WarningDialog } from "@web/core/errors/error_dialogs";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/**
 * A refusal of the loyalty services is a warning like Odoo's own. Programs read the code before the colon; people
 * need only the sentence after it.
 */
export class LoyaltyErrorDialog extends WarningDialog {
    setup() {
        super.setup();
        const sentence = this.message.replace(/^[a-z_]+: /, "");
        this.message = sentence.charAt(0).toUpperCase() + sentence.slice(1);
    }

    inferTitle() {
        return _t("This cannot be done");
    }
}

registry
    .category("error_dialogs")
    .add("odoo.addons.loyalty_core.services.errors.LoyaltyError", LoyaltyErrorDialog);
