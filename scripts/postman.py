"""The Postman collection out of the OpenAPI document. Its requests run through from top to bottom; the last one removes
what the first ones made. `scripts/make_docs.py` writes it down.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
PASSWORD = "correct horse battery"  # noqa: S105
TINY_PNG = "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQAAAACCEkxzAAAAEklEQVR42mP4DwUMo4xRBukMAOPT/hAC2mzjAAAAAElFTkSuQmCC"
PRODUCT_PAGE = (
    '<html><body><script type="application/ld+json">{"@type": "Product", "name": "Red cotton T-shirt",'
    ' "image": "https://shop.example/tee.jpg", "offers": {"price": "19.99", "priceCurrency": "EUR"}}'
    "</script></body></html>"
)
VARIABLES = {
    "base_url": "http://localhost:8000",
    "jwt_token": "",
    "email": "",
    "password": PASSWORD,
    "job_id": "",
    "second_job_id": "",
    "image_url": "",
    "section_id": "",
    "category_id": "",
    "item_id": "",
    "outfit_id": "",
    "product_url": "https://shop.internal/put-the-address-of-a-product-here",
}
ABOUT = """Run it from top to bottom: "Create Account" makes a new account each time, its token is kept in
{{jwt_token}}, and "Delete Account" removes it in the end. The pictures are read from the folder `samples` of the
repository: make the repository Postman's working directory, or start newman there
(`newman run postman_collection.json`)."""

WOMAN, DRESS = "samples/person/woman_light.jpg", "samples/garment/dress.jpg"
TOP, TROUSERS = "samples/garment/tshirt.jpg", "samples/garment/trousers.jpg"


@dataclass(frozen=True)
class Step:
    """One request. `keeps`: variable -> where its value lies in the answer's data. `until`: fields of data that are
    waited for, asking again and again. `url`: another address than that of the operation. `expects`: an error's status,
    for what cannot work as it stands (put a real address in). `status`: of success, where it is not the first that
    the document names."""

    operation: str
    json: Json | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    keeps: Mapping[str, str] = field(default_factory=dict)
    until: tuple[str, ...] = ()
    url: str | None = None
    expects: int | None = None
    status: int | None = None


_ACCOUNT = {
    "email": "ada-{{$randomUUID}}@example.com", "password": "{{password}}", "confirm_password": "{{password}}",
    "first_name": "Ada", "last_name": "Lovelace", "gender": "female", "birthday": "1990-01-15",
    "street": "123 Main St", "city": "New York", "height": 172, "weight": 66, "waist_circumference": 74,
}  # fmt: skip
_PASSWORDS = {name: "{{password}}" for name in ("current_password", "new_password", "confirm_password")}
_TOKEN = {"jwt_token": "token"}
_JOB = {"job_id": "{{job_id}}"}
_SECTION, _CATEGORY = {"section_id": "{{section_id}}"}, {"category_id": "{{category_id}}"}
_ITEM = {"item_id": "{{item_id}}"}
_SHIRT = {"item_id": "{{shirt_id}}"}
_OUTFIT = {"outfit_id": "{{outfit_id}}"}

_DRESS = {"brand": "Acme", "category": "dress"}
_CHART = {
    "S": {"chest": "84-88", "waist": "66-70", "hip": "90-94"},
    "M": {"chest": "88-92", "waist": "70-74", "hip": "94-98"},
    "L": {"chest": "92-98", "waist": "74-80", "hip": "98-104"},
}

FOLDERS: dict[str, list[Step]] = {
    "Server": [Step(name) for name in ("health", "ready", "capabilities", "metrics", "get_openapi", "get_docs")],
    "Account": [
        Step("create_account", json=_ACCOUNT, keeps={**_TOKEN, "email": "user.email"}),
        Step("logout"),
        Step("login", json={"email": "{{email}}", "password": "{{password}}"}, keeps=_TOKEN),
        Step("refresh_token", keeps=_TOKEN),
    ],
    "Profile": [
        Step("get_profile"),
        Step("update_profile", json={"city": "London", "street": None}),
        Step("change_password", json=_PASSWORDS, keeps=_TOKEN),
    ],
    "Body measurements": [
        Step(
            "save_measurements",
            json={"hip_circumference": 99, "inner_leg_length": 81, "unit": "metric"},
            status=200,  # signing up gave some already
        ),
        Step("get_measurements", query={"unit": "imperial", "estimate": "true"}),
        Step("update_measurements", json={"neck_circumference": 33, "calf_circumference": None}),
    ],
    "Avatar": [
        Step("update_avatar", json={"avatar_data": f"data:image/png;base64,{TINY_PNG}"}),
        Step("save_avatar", files={"avatar": WOMAN}),
        Step("get_avatar"),
        Step("undo_cutout"),
        Step("remove_bg", files={"file": WOMAN}),
    ],
    "Garments": [
        Step("parse_product", json={"url": "https://shop.example/tee", "html": PRODUCT_PAGE}),
        Step("extract_images", json={"url": "{{product_url}}"}),
        Step("categorize_garment", files={"image": TOP}, form={"title": "Red cotton T-shirt"}),
        Step("scrape_product", json={"url": "{{product_url}}"}, expects=422),
        Step("refresh_product", json={"url": "{{product_url}}"}, expects=422),
    ],
    "Fitting": [
        Step("recommend_size", json={"size_chart": _CHART, "garment_type": "dress", "fit_preference": "regular"}),
        Step("get_size_recommendation", query={"category": "upper_body", "gender": "female", "unit": "imperial"}),
        Step("check_fit", json={"size_chart": _CHART, "size": "M", "measurements": {"breast_circumference": 91}}),
        Step("analyze_fit", json={"size_chart": _CHART, "brand": "Acme", "category": "dress", "stretch_percent": 5}),
        Step("give_feedback", json={**_DRESS, "size": "M", "outcome": "small", "kept": True}),
    ],
    "Try-on": [
        Step(
            "create_tryon_job",
            files={"selfie": WOMAN, "garment_image": DRESS},
            form={"garment_type": "dress", "options": '{"garment_details": {"brand": "Acme", "color": "blue"}}'},
            headers={"Idempotency-Key": "{{$randomUUID}}"},
            keeps={"job_id": "job_id"},
        ),
        Step("get_job_status", path=_JOB, query={"wait": "20"}, until=("result_url", "error")),
        Step("get_job_events", path=_JOB),
        Step("get_job_result", path=_JOB, keeps={"image_url": "result_url"}),
        Step("get_image", url="{{image_url}}"),
        Step("set_favorite", path=_JOB, json={"favorite": True}),
        Step("set_rating", path=_JOB, json={"rating": 1}),
        Step("get_history", query={"favorite": "true", "limit": "10"}),
        Step("get_usage"),
        Step(
            "create_multi_tryon_job",
            files={"selfie": WOMAN, "top_garment_image": TOP, "bottom_garment_image": TROUSERS},
            keeps={"second_job_id": "job_id"},
        ),
        Step("delete_job", path={"job_id": "{{second_job_id}}"}),
        Step(
            "create_batch_tryon_jobs",
            files={"selfie": WOMAN, "red_top": TOP, "trousers": TROUSERS},
            form={"items": '[{"image": "red_top", "garment_type": "upper"}, {"image": "trousers"}]'},
        ),
    ],
    "Wardrobe sections and categories": [
        Step(
            "create_category_section",
            json={"name": "summer_collection", "display_name": "Summer Collection", "sort_order": 5},
            keeps={"section_id": "id"},
        ),
        Step("get_category_sections"),
        Step("update_category_section", path=_SECTION, json={"description": "For warm days"}),
        Step(
            "create_category",
            json={"name": "casual_shirts", "description": "For every day", "category_section": "summer_collection"},
            keeps={"category_id": "id"},
        ),
        Step("get_categories", query={"search": "shirts"}),
        Step("get_category", path=_CATEGORY),
        Step("update_category", path=_CATEGORY, json={"category_section": "upper_body"}),
        Step("delete_category", path=_CATEGORY),
        Step("delete_category_section", path=_SECTION, query={"move_to": "upper_body"}),
    ],
    "Wardrobe items": [
        Step("get_options"),
        Step("extract_from_url", json={"url": "{{product_url}}"}, expects=422),
        Step(
            "add_item",
            files={"garment_image": TOP},
            form={"category_section": "wishlist", "category": "t_shirts", "title": "Red T-shirt", "tags": "red"},
            keeps={"shirt_id": "id"},
        ),
        Step("get_items", query={"category_section": "wishlist", "search": "shirt", "sort": "-price", "limit": "10"}),
        Step("get_item", path=_SHIRT),
        Step("update_item", path=_SHIRT, json={"fabric": [{"name": "cotton", "percentage": 100}], "favorite": True}),
        Step("remove_item_background", path=_SHIRT),
        Step("undo_item_background", path=_SHIRT),
        Step("undo_item", path=_SHIRT),
        Step("delete_item", path=_SHIRT),
    ],
    "Wearing": [
        Step(
            "add_item",
            files={"garment_image": DRESS},
            form={"category_section": "upper_body", "title": "Blue dress", "price": "80", "currency": "EUR"},
            keeps={"item_id": "id"},
        ),
        Step("add_item_wear", path=_ITEM, json={"date": "2026-01-15"}),
        Step("get_wardrobe_stats"),
        Step("remove_item_wear", path=_ITEM, query={"date": "2026-01-15"}),
    ],
    "Outfits": [
        Step(
            "add_outfit",
            json={"name": "Summer party", "item_ids": "[{{item_id}}]", "tags": ["summer"], "notes": "With sandals"},
            keeps={"outfit_id": "id"},
        ),
        Step("get_outfits", query={"tag": "summer", "search": "party"}),
        Step("get_outfit", path=_OUTFIT),
        Step("update_outfit", path=_OUTFIT, json={"name": "Garden party"}),
        Step("add_outfit_wear", path=_OUTFIT, json={"date": "2026-01-16"}),
        Step("clone_outfit", path=_OUTFIT),
        Step("delete_outfit", path=_OUTFIT),
    ],
    "Many items": [
        Step("add_items", files={"images": TOP}, form={"category_section": "upper_body", "upload_key": "closet-1"}),
        Step("export_wardrobe"),
        Step("import_wardrobe", files={"file": TOP}, expects=415),
    ],
    "The end": [Step("delete_avatar"), Step("delete_account", json={"password": "{{password}}"})],
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One operation of the document and where it stands there."""

    path: str
    method: str
    said: Json

    def success(self, status: int | None = None) -> tuple[int, Json]:
        """`status`, else the first one that means it worked, and what comes with it."""
        status = status or next(int(code) for code in self.said["responses"] if code.startswith("2"))
        return status, self.said["responses"][str(status)].get("content", {})


def operations(document: Json) -> dict[str, Operation]:
    return {
        said["operationId"]: Operation(path, method.upper(), said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    }


def collection(document: Json) -> Json:
    """Raises ValueError when an operation has no step, or a step no operation."""
    known = operations(document)
    used = {step.operation for steps in FOLDERS.values() for step in steps}
    if used != set(known):
        raise ValueError(f"FOLDERS and the document differ: {sorted(used ^ set(known))}")
    return {
        "info": {"name": document["info"]["title"], "description": ABOUT, "schema": SCHEMA},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{jwt_token}}", "type": "string"}]},
        "variable": [{"key": name, "value": value, "type": "string"} for name, value in VARIABLES.items()],
        "item": [
            {"name": name, "item": [_item(step, known[step.operation]) for step in steps]}
            for name, steps in FOLDERS.items()
        ],
    }


def _item(step: Step, operation: Operation) -> Json:
    request: Json = {
        "method": operation.method,
        "header": [{"key": name, "value": value} for name, value in step.headers.items()],
        "url": step.url or _url(step, operation.path),
        "description": operation.said["description"],
    }
    if not operation.said["security"]:
        request["auth"] = {"type": "noauth"}
    if step.json is not None or step.files:
        request["body"] = _body(step)
    script = {"type": "text/javascript", "exec": list(_script(step, *operation.success(step.status)))}
    return {"name": operation.said["summary"], "event": [{"listen": "test", "script": script}], "request": request}


def _url(step: Step, path: str) -> Json:
    for name, value in step.path.items():
        path = path.replace(f"{{{name}}}", value)
    query = [{"key": name, "value": value} for name, value in step.query.items()]
    text = "?" + "&".join(f"{name}={value}" for name, value in step.query.items()) if query else ""
    found = {"raw": f"{{{{base_url}}}}{path}{text}", "host": ["{{base_url}}"], "path": path.strip("/").split("/")}
    return {**found, "query": query} if query else found


def _body(step: Step) -> Json:
    if step.json is not None:
        text = json.dumps(step.json, indent=2)
        return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    files = [{"key": name, "type": "file", "src": source} for name, source in step.files.items()]
    return {"mode": "formdata", "formdata": files + [{"key": name, "type": "text", "value": value}
                                                     for name, value in step.form.items()]}  # fmt: skip


def _script(step: Step, status: int, content: Json) -> Iterator[str]:
    """Assertions, then what is kept for later requests, then perhaps once more."""
    if step.expects is not None:
        yield f'pm.test("status {step.expects}", () => pm.response.to.have.status({step.expects}));'
        yield "const body = pm.response.json();"
        yield 'pm.test("refusal", () => pm.expect(body.success).to.eql(false));'
        return
    yield f'pm.test("status {status}", () => pm.response.to.have.status({status}));'
    media = next((kind for kind in content if kind != "application/json"), None)
    raw = media or ("application/json" if "properties" not in content["application/json"]["schema"] else None)
    if raw is not None:
        kind = raw.removesuffix("*")
        yield f'pm.test("{kind}", () => pm.expect(pm.response.headers.get("Content-Type")).to.include("{kind}"));'
        return
    names = content["application/json"]["schema"]["required"]
    yield "const body = pm.response.json();"
    yield 'pm.test("envelope", () => pm.expect(body.success).to.eql(true));'
    yield from (f'pm.test("{name}", () => pm.expect(body).to.have.property("{name}"));' for name in names[1:])
    yield from (f'pm.collectionVariables.set("{name}", body.data.{place});' for name, place in step.keeps.items())
    yield from _again(step)


def _again(step: Step) -> Iterator[str]:
    """Newman and Postman's runner wait for the script's timers, then do the request again."""
    if step.until:
        yield f"if (!({' || '.join(f'body.data.{name}' for name in step.until)})) {{"
        yield "  setTimeout(() => pm.execution.setNextRequest(pm.info.requestName), 500);"
        yield "}"
