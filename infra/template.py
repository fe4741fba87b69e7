"""Reads the infra template and resolves its intrinsics, for those who use it without CloudFormation.

Only what the template needs is understood: `Ref`, `Fn::Sub`, `Fn::Split` and `Fn::GetAtt`. Anything else raises
`TemplateError`, so that nothing the template says is silently dropped.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).with_name("template.yaml")

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class TemplateError(Exception):
    """The template says something that is not understood here, or asks for something that is not given."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry of `Resources`: its logical name, CloudFormation type and unresolved properties."""

    name: str
    type: str
    properties: Mapping[str, Any]


@functools.cache
def _parsed(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def _resource(name: str, body: Mapping[str, Any]) -> Resource:
    # What orders or keeps resources in a stack means nothing here; anything else (a condition, say) would.
    known = {"Type", "Properties", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy"}
    if unknown := body.keys() - known:
        raise TemplateError(f"{name}: {', '.join(sorted(unknown))} is not understood here")
    return Resource(name, body["Type"], body.get("Properties", {}))


class Template:
    """A parsed template.

    Args:
        path: the YAML file.
    """

    def __init__(self, path: Path = TEMPLATE) -> None:
        document = _parsed(path)
        self._parameters: dict[str, dict[str, Any]] = document.get("Parameters", {})
        self.resources = {name: _resource(name, body) for name, body in document.get("Resources", {}).items()}
        function = document.get("Globals", {}).get("Function", {})
        self.environment: Mapping[str, Any] = function.get("Environment", {}).get("Variables", {})

    def of_type(self, kind: str) -> list[Resource]:
        """The resources of one CloudFormation type, in the template's order."""
        return [resource for resource in self.resources.values() if resource.type == kind]

    def parameters(self, given: Mapping[str, str]) -> dict[str, str]:
        """The template's parameters with defaults filled in.

        Raises:
            TemplateError: a value is given for no parameter, is missing, or is none of the allowed ones.
        """
        if unknown := given.keys() - self._parameters.keys():
            raise TemplateError(f"the template has no parameter {', '.join(sorted(unknown))}")
        values = {}
        for name, rules in self._parameters.items():
            if name not in given and "Default" not in rules:
                raise TemplateError(f"parameter {name} has no default and must be given: {rules['Description']}")
            value = given.get(name, str(rules.get("Default", "")))
            if not _fits(value, rules):
                raise TemplateError(f"parameter {name} does not fit: {rules['Description']}")
            values[name] = value
        return values

    def gateway_response(self, kind: str) -> tuple[int | None, str]:
        """Status (when the template sets one) and JSON body template that API Gateway answers with for `kind`,
        for example `REQUEST_TOO_LARGE`."""
        api = next(iter(self.of_type("AWS::Serverless::Api")), None)
        if api is None or kind not in api.properties.get("GatewayResponses", {}):
            raise TemplateError(f"the template has no gateway response {kind}")
        response = api.properties["GatewayResponses"][kind]
        status = response.get("StatusCode")
        return (int(status) if status else None), response["ResponseTemplates"]["application/json"]


def _fits(value: str, rules: Mapping[str, Any]) -> bool:
    return (
        value in rules.get("AllowedValues", [value])
        and len(value) >= int(rules.get("MinLength", 0))
        and re.fullmatch(rules.get("AllowedPattern", ".*"), value) is not None
    )


class Resolver:
    """Replaces intrinsics by their values.

    Args:
        refs: what `Ref` and `${Name}` give: parameters, pseudo parameters, physical ids; may grow between uses.
        attribute: gives `Fn::GetAtt` and `${Name.Attribute}`; raises TemplateError when there is no such attribute.
    """

    def __init__(self, refs: Mapping[str, str], attribute: Callable[[str, str], str]) -> None:
        self._refs = refs
        self._attribute = attribute

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic in it replaced, however deep."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name == "Fn::GetAtt":
                target, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
                return self._attribute(target, attribute)
            if name == "Fn::Sub":
                return self._substitute(argument)
            if name == "Fn::Split":
                separator, text = argument
                return str(self.resolve(text)).split(separator)
        if unknown := [name for name in value if name.startswith("Fn::")]:
            raise TemplateError(f"the intrinsic {unknown[0]} is not understood here")
        return {key: self.resolve(item) for key, item in value.items()}

    def _ref(self, name: str) -> str:
        if name not in self._refs:
            raise TemplateError(f"nothing is called {name}")
        return self._refs[name]

    def _substitute(self, argument: str | list[Any]) -> str:
        text, extra = (argument, {}) if isinstance(argument, str) else argument

        def replacement(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in extra:
                return str(self.resolve(extra[name]))
            target, _, attribute = name.partition(".")
            return self._attribute(target, attribute) if attribute else self._ref(name)

        return _PLACEHOLDER.sub(replacement, text)
