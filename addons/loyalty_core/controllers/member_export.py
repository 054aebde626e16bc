from odoo.http import Controller, content_disposition, request, route


class MemberExport(Controller):
    """The file with a person's data is made for whoever asks and kept nowhere."""

    @route("/loyalty_core/member/<int:member_id>/export", type="http", auth="user", methods=["GET"])
    def export(self, member_id):
        request.env["loy.members"]._check_right("member.export")
        member = request.env["res.partner"].browse(member_id)
        member.check_access("read")
        name, content = request.env["loy.privacy"]._export(member)
        headers = [("Content-Type", "application/zip"), ("Content-Disposition", content_disposition(name))]
        return request.make_response(content, headers)
