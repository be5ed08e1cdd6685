"""The documentation: made from the table, served with the explorer, nothing from elsewhere."""

import re


async def test_the_document_names_every_route_with_its_policy(site):
    document = (await site.call("GET", "/api/openapi.json")).json
    assert document["openapi"] == "3.1.0"
    rows = {(route.method.lower(), route.path) for route in site.stub.table()}
    assert {(method, path) for path, item in document["paths"].items() for method in item} == rows
    add = document["paths"]["/api/notes"]["post"]
    assert add["security"] == [{"access_token": []}]
    assert "Idempotency-Key" in [parameter["name"] for parameter in add["parameters"]]
    assert add["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Note"}
    assert {"201", "400", "401", "409", "413", "415", "422", "429", "503"} == set(add["responses"])
    listed = document["paths"]["/api/notes"]["get"]
    assert "days" in [parameter["name"] for parameter in listed["parameters"]]
    assert "304" in listed["responses"]
    assert document["paths"]["/api/named/{name}/x"]["get"]["deprecated"] is True


async def test_every_reference_in_the_document_leads_somewhere(site):
    reply = await site.call("GET", "/api/openapi.json")
    for reference in set(re.findall(rb'"\$ref": ?"#/components/schemas/(\w+)"', reply.raw)):
        assert reference.decode() in reply.json["components"]["schemas"]


async def test_operation_ids_are_unique(site):
    document = (await site.call("GET", "/api/openapi.json")).json
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


async def test_the_explorer_needs_nothing_from_elsewhere_and_no_inline_script(site):
    page = await site.call("GET", "/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    text = page.raw.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", text)
    for name in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert name.startswith(("/", "data:,"))
        assert name == "data:," or (await site.call("GET", name)).status == 200
    script = (await site.call("GET", "/docs/explorer.js")).raw.decode()
    assert not re.search(r"https?://(?!127)", script)
    assert "innerHTML" not in script


async def test_the_service_tells_what_it_is_and_can(site):
    about = (await site.call("GET", "/", headers={"Accept-Language": "en"})).json
    assert about["endpoints"]["documentation"] == "/docs"
    assert (await site.call("GET", "/status")).json["status"] == "success"
    assert (await site.call("GET", "/health/live")).status == 200
    assert (await site.call("GET", "/health/ready")).json == {"status": "ready", "parts": {}}
    can = (await site.call("GET", "/api/capabilities")).json
    assert can["languages"] == ["es", "en"]
    assert can["limits"]["photo_mb"] == 25
