import json
import secrets

import psycopg2
from odoo import http
from odoo.http import request

HEADERS = [("Cache-Control", "no-store")]
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Monitor(http.Controller):
    """What balancers and monitoring ask. No login, no session, nothing that is anybody's business."""

    @http.route("/loy/health", type="http", auth="none", methods=["GET"], save_session=False, readonly=True)
    def health(self):
        """200 when this server can serve tills, 503 when not; warnings are for people and leave it at 200."""
        if not request.db:
            return self._told({"status": "fail", "database": "unreachable"})
        try:
            return self._told(request.env["loy.monitor"]._health())
        except psycopg2.Error:
            return self._told({"status": "fail", "database": "unreachable"})

    @http.route("/loy/metrics", type="http", auth="none", methods=["GET"], save_session=False)
    def metrics(self):
        """Figures in the text format of Prometheus, for whoever has the token of the system parameter."""
        token = request.db and request.env["loy.monitor"]._token()
        if not token:
            raise request.not_found()
        given = request.httprequest.headers.get("Authorization", "").removeprefix("Bearer ")
        if not secrets.compare_digest(given.encode(), token.encode()):
            return request.make_response("", [*HEADERS, ("WWW-Authenticate", "Bearer")], status=401)
        return request.make_response(request.env["loy.monitor"]._metrics(), [*HEADERS, ("Content-Type", METRICS_TYPE)])

    def _told(self, state):
        status = 503 if state["status"] == "fail" else 200
        return request.make_response(json.dumps(state), [*HEADERS, ("Content-Type", "application/json")], status=status)
