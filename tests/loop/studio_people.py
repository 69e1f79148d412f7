"""People who label in a Label Studio, by its API: a fake one or a real one."""

import json
import urllib.request


class People:
    """Somebody who may annotate, and look at what is there."""

    def __init__(self, url, token):
        self.url, self.token = url, token

    def call(self, method, path, body=None, who=1):
        headers = {"Content-Type": "application/json", "Authorization": f"Token {self.token}", "X-Test-User": str(who)}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=120) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    def project(self, title):
        (found,) = [one for one in self.call("GET", "/api/projects?page_size=100")["results"] if one["title"] == title]
        return found

    def tasks(self, project):
        found, page = [], 1
        while True:
            said = self.call("GET", f"/api/tasks?project={project}&page={page}&page_size=500&fields=all")
            found += said["tasks"]
            if len(found) >= said["total"]:
                return found
            page += 1

    def label(self, task, label, who=1, **more):
        result = [{"from_name": "label", "to_name": "body", "type": "choices", "value": {"choices": [label]}}]
        return self.call("POST", f"/api/tasks/{task['id']}/annotations", {"result": result, **more}, who)["id"]

    def skip(self, task, who=1):
        return self.call("POST", f"/api/tasks/{task['id']}/annotations", {"result": [], "was_cancelled": True}, who)[
            "id"
        ]

    def edit(self, annotation, label):
        result = [{"from_name": "label", "to_name": "body", "type": "choices", "value": {"choices": [label]}}]
        self.call("PATCH", f"/api/annotations/{annotation}", {"result": result})

    def delete(self, annotation):
        self.call("DELETE", f"/api/annotations/{annotation}")
