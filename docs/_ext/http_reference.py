"""The directive ``{http-reference}``: a section per request of the server's API.

It reads the OpenAPI document of a server over a small model, the same that
``/api/v1/openapi.json`` returns.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from generated import GeneratedSections, limits, table
from sphinx.application import Sphinx

import penchant
from penchant.serving.app import create_app
from penchant.serving.process.loader import Artifacts
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.store.opening import open_store

_METHODS = ("get", "put", "post", "delete")
_FIRST_ERROR = "400"  # statuses are texts in the document


class RequestReference(GeneratedSections):
    """Insert a section for every request, and one for every schema of a body."""

    def run(self) -> list[nodes.Node]:
        """Return the sections, in the order of the document."""
        document = openapi_document()
        sections: list[nodes.Node] = [
            self.section(_id(method, path), [nodes.literal("", f"{method.upper()} {path}")], text)
            for method, path, text in _requests(document)
        ]
        errors = [nodes.Text("Errors")]
        sections.append(self.section("http-errors", errors, _errors_text(document)))
        for name, schema in sorted(document["components"]["schemas"].items()):
            title = [nodes.literal("", name)]
            sections.append(self.section(_schema_id(name), title, _schema_text(schema)))
        return sections


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of the server."""
    logging.getLogger("penchant").setLevel(logging.WARNING)  # not how three rows were read
    with tempfile.TemporaryDirectory() as folder:
        data = penchant.read_interactions([("ann", "mug"), ("bo", "cup"), ("bo", "mug")])
        file = penchant.Popularity().fit(data).save(Path(folder) / "small.penchant")
        files = Artifacts(file, None, None)
        settings = ServeSettings(likes=str(file), watch=0)
        with open_store(f"sqlite:///{folder}/store.db") as store:
            document: dict[str, Any] = create_app(
                ModelReloader.open(files, store), store, settings
            ).openapi()
    return document


def _requests(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                yield method, path, _request_text(operations[method])


def _request_text(operation: dict[str, Any]) -> str:
    parts = [f"**{operation['summary']}.** {operation.get('description', '')}"]
    security = operation.get("security", [])
    if security:
        parts.append(
            "Needs the token, if the server requires one for reading data of users."
            if {} in security
            else "Needs the token, if the server has one."
        )
    parameters = operation.get("parameters", [])
    if parameters:
        rows = [
            (
                f"`{parameter['name']}`",
                parameter["in"],
                _type(parameter["schema"]),
                _described(parameter, parameter["schema"], parameter.get("required", False)),
            )
            for parameter in parameters
        ]
        parts.append(table(("Parameter", "In", "Type", "Meaning"), rows))
    if "requestBody" in operation:
        contents = operation["requestBody"]["content"].values()
        parts += [f"Body: {_type(content['schema'])}." for content in contents]
    errors = []
    for status, response in sorted(operation["responses"].items()):
        if status < _FIRST_ERROR:
            parts.append(f"Answer: `{status}` with {_content(response) or 'no body'}.")
        else:
            errors.append(f"`{status}`")
    parts.append(f"{{ref}}`Errors <http-errors>`: {', '.join(errors)}.")
    return "\n\n".join(parts)


def _errors_text(document: dict[str, Any]) -> str:
    """Return the table of the statuses of errors, which mean the same in every request."""
    meanings = {
        status: response["description"]
        for operations in document["paths"].values()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if status >= _FIRST_ERROR
    }
    rows = [(f"`{status}`", meaning) for status, meaning in sorted(meanings.items())]
    before = "The body of every error is {ref}`Problem <schema-problem>`."
    return f"{before}\n\n{table(('Status', 'Meaning'), rows)}"


def _content(response: dict[str, Any]) -> str:
    return ", ".join(
        _type(content["schema"])
        for content in response.get("content", {}).values()
        if content.get("schema")
    )


def _schema_text(schema: dict[str, Any]) -> str:
    parts = [schema.get("description", "")]
    required = schema.get("required", [])
    rows = [
        (f"`{name}`", _type(field), _described(field, field, name in required))
        for name, field in schema.get("properties", {}).items()
    ]
    if rows:
        parts.append(table(("Field", "Type", "Meaning"), rows))
    parts += [
        f"Example:\n\n```json\n{json.dumps(example, indent=2)}\n```"
        for example in schema.get("examples", [])
    ]
    return "\n\n".join(part for part in parts if part)


def _described(place: dict[str, Any], schema: dict[str, Any], required: bool) -> str:
    text = [place.get("description", "") or schema.get("description", "")]
    text += limits(schema.get("minimum"), schema.get("maximum"))
    if "enum" in schema:
        text.append("One of " + ", ".join(f"`{value}`" for value in schema["enum"]) + ".")
    if schema.get("default") is not None:
        text.append(f"Default: `{json.dumps(schema['default'])}`.")
    if required:
        text.append("Required.")
    return " ".join(part for part in text if part)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"{{ref}}`{name} <{_schema_id(name)}>`"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_type(part) for part in schema[key]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(schema.get("type", "any"))


def _schema_id(name: str) -> str:
    return f"schema-{name.lower()}"


def _id(method: str, path: str) -> str:
    words = path.removeprefix("/api/v1/").replace("{", "").replace("}", "").replace("/", "-")
    return f"{method}-{words.replace('_', '-')}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive; called by Sphinx."""
    app.add_directive("http-reference", RequestReference)
    return {"parallel_read_safe": True}
