import { useRef } from "@odoo/owl";
import { useDropzone } from "@web/core/dropzone/dropzone_hook";
import { registry } from "@web/core/registry";
import { checkFileSize } from "@web/core/utils/files";
import { getDataURLFromFile } from "@web/core/utils/urls";
import { BinaryField, binaryField } from "@web/views/fields/binary/binary_field";

/** A file that is chosen or dropped. */
export class FileDropField extends BinaryField {
    static template = "loyalty_core.FileDropField";

    setup() {
        super.setup();
        useDropzone(
            useRef("target"),
            (ev) => this.drop(ev.dataTransfer.files[0]),
            "",
            () => !this.props.readonly
        );
    }

    async drop(file) {
        if (file && checkFileSize(file.size, this.notification)) {
            const url = await getDataURLFromFile(file);
            await this.update({ data: url.split(",")[1], name: file.name });
        }
    }
}

registry.category("fields").add("loy_file_drop", { ...binaryField, component: FileDropField });
