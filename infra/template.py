"""Reads the infra template and resolves its intrinsics, for those who use it without CloudFormation.

The template is the folder `infra/template/`, one file a topic, joined to one document here: it holds everything the
product needs besides its functions, and is laid over what Chalice makes of app.py (dicts are merged key by key, lists
replaced, so intrinsics stand in their long form). `infra.resources` creates the tables, buckets and queues of the very
same text on the local cloud and in the tests.

Only what the template needs is understood: `Ref`, `Fn::Sub`, `Fn::Split`, `Fn::Select`, `Fn::GetAtt`, `Fn::If` and what
conditions are made of. Anything else raises `TemplateError`, so that nothing the template says is silently dropped.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).with_name("template")

_NOTHING = object()  # what `Ref: AWS::NoValue` gives: the property that has it is left out

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class TemplateError(Exception):
    """The template says something that is not understood here, or asks for something that is not given."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry of `Resources`: its logical name, CloudFormation type, unresolved properties, and the name of the
    condition on which it is made."""

    name: str
    type: str
    properties: Mapping[str, Any]
    condition: str | None = None


@functools.cache
def document(path: Path = TEMPLATE) -> Mapping[str, Any]:
    """A template's text as one document.

    Args:
        path: a YAML file, or a folder of them, whose sections are joined.

    Raises:
        TemplateError: two files say the same thing.
    """
    if path.is_file():
        return _parsed(path)
    joined: dict[str, Any] = {}
    for file in sorted(path.glob("*.yaml")):
        for section, content in _parsed(file).items():
            if not isinstance(content, dict):
                content = {section: content}
                known = joined
            else:
                known = joined.setdefault(section, {})
            if twice := known.keys() & content.keys():
                raise TemplateError(f"{file.name}: {', '.join(sorted(twice))} is there already")
            known.update(content)
    return joined


def _parsed(file: Path) -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        """YAML in which `!File ../edge/request.js` stands for that file's text."""

    def text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
        return (file.parent / str(loader.construct_scalar(node))).read_text(encoding="utf-8")

    Loader.add_constructor("!File", text)
    parsed: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader)  # noqa: S506 - a SafeLoader
    return parsed


def _resource(name: str, body: Mapping[str, Any]) -> Resource:
    # What orders, keeps or explains resources in a stack means nothing here; anything else would.
    known = {"Type", "Properties", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}
    if unknown := body.keys() - known:
        raise TemplateError(f"{name}: {', '.join(sorted(unknown))} is not understood here")
    return Resource(name, body["Type"], body.get("Properties", {}), body.get("Condition"))


class Template:
    """A parsed template.

    Args:
        path: a YAML file, or a folder of them.
    """

    def __init__(self, path: Path = TEMPLATE) -> None:
        read = document(path)
        self._parameters: dict[str, dict[str, Any]] = read.get("Parameters", {})
        self._conditions: dict[str, Any] = read.get("Conditions", {})
        self._rules: dict[str, Any] = read.get("Rules", {})
        self.resources = {name: _resource(name, body) for name, body in read.get("Resources", {}).items()}
        function = read.get("Globals", {}).get("Function", {})
        self.environment: Mapping[str, Any] = function.get("Environment", {}).get("Variables", {})

    @property
    def accepted(self) -> frozenset[str]:
        """The names of the parameters."""
        return frozenset(self._parameters)

    def holds(self, condition: str | None, values: Mapping[str, str]) -> bool:
        """Whether a condition of the template is met by these parameters; none always is.

        Raises:
            TemplateError: there is no such condition, or it is not understood here.
        """
        if condition is None:
            return True
        if condition not in self._conditions:
            raise TemplateError(f"the template has no condition {condition}")
        return bool(self._met(self._conditions[condition], values))

    def _met(self, said: Any, values: Mapping[str, str]) -> bool | str:
        if isinstance(said, str):
            return said
        [(name, argument)] = said.items()
        match name:
            case "Ref":
                return values[argument]
            case "Condition":
                return self.holds(argument, values)
            case "Fn::Equals":
                left, right = (self._met(one, values) for one in argument)
                return left == right
            case "Fn::Not":
                return not self._met(argument[0], values)
            case "Fn::And":
                return all(self._met(one, values) for one in argument)
            case "Fn::Or":
                return any(self._met(one, values) for one in argument)
        raise TemplateError(f"the intrinsic {name} is not understood here")

    def of_type(self, kind: str) -> list[Resource]:
        """The resources of one CloudFormation type, in the template's order."""
        return [resource for resource in self.resources.values() if resource.type == kind]

    def parameters(self, given: Mapping[str, str]) -> dict[str, str]:
        """The template's parameters with defaults filled in.

        Raises:
            TemplateError: a value is given for no parameter, is missing, is none of the allowed ones, or needs another.
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
        for rule in self._rules.values():
            for demanded in rule["Assertions"] if self._met(rule["RuleCondition"], values) else ():
                if not self._met(demanded["Assert"], values):
                    raise TemplateError(demanded["AssertDescription"])
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
        value in map(str, rules.get("AllowedValues", [value]))
        and len(value) >= int(rules.get("MinLength", 0))
        and re.fullmatch(rules.get("AllowedPattern", "(?s:.*)"), value) is not None
    )


class Resolver:
    """Replaces intrinsics by their values.

    Args:
        refs: what `Ref` and `${Name}` give: parameters, pseudo parameters, physical ids; may grow between uses.
        attribute: gives `Fn::GetAtt` and `${Name.Attribute}`; raises TemplateError when there is no such attribute.
        holds: whether a condition is met, for `Fn::If`.
    """

    def __init__(
        self,
        refs: Mapping[str, str],
        attribute: Callable[[str, str], str],
        holds: Callable[[str], bool] | None = None,
    ) -> None:
        self._refs = refs
        self._attribute = attribute
        self._holds = holds

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic in it replaced, however deep."""
        if isinstance(value, list):
            return [given for item in value if (given := self.resolve(item)) is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref":
                return _NOTHING if argument == "AWS::NoValue" else self._ref(argument)
            if name == "Fn::If" and self._holds is not None:
                condition, then, otherwise = argument
                return self.resolve(then if self._holds(condition) else otherwise)
            if name == "Fn::GetAtt":
                target, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
                return self._attribute(target, attribute)
            if name == "Fn::Sub":
                return self._substitute(argument)
            if name == "Fn::Split":
                separator, text = argument
                return str(self.resolve(text)).split(separator)
            if name == "Fn::Select":
                index, items = argument
                return self.resolve(items)[int(index)]
        if unknown := [name for name in value if name.startswith("Fn::")]:
            raise TemplateError(f"the intrinsic {unknown[0]} is not understood here")
        return {key: given for key, item in value.items() if (given := self.resolve(item)) is not _NOTHING}

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
