"""CloudFormation templates: parameters, conditions and intrinsic functions."""
import base64
import json
import re

from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import Stack as MotoStack

NOTHING = object()
LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
SUBSTITUTION = re.compile(r"\$\{(!?)([^}]*)\}")


class MissingCapabilities(CloudFormationError):
    code = "InsufficientCapabilitiesException"


def invalid(message: str) -> ValidationError:
    return ValidationError(message=message)


def parse(body: str) -> dict:
    try:
        template = MotoStack.parse_template(body)
    except Exception as error:
        raise invalid(f"Template format error: neither JSON nor YAML. {error}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict) or not template["Resources"]:
        raise invalid("Template format error: At least one Resources member must be defined.")
    return template


def need_capabilities(template: dict, given: list[str]) -> None:
    kinds = [r for r in template["Resources"].values() if r["Type"].startswith("AWS::IAM::")]
    named = any(key.endswith("Name") and key != "PolicyName" for r in kinds for key in r.get("Properties", {}))
    needed = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM" if kinds else None
    if needed and needed not in given and "CAPABILITY_NAMED_IAM" not in given:
        raise MissingCapabilities(f"Requires capabilities : [{needed}]")


def parameter_texts(template: dict, given: list[dict], before: dict[str, str]) -> dict[str, str]:
    """The parameters' texts, with UsePreviousValue and defaults filled in, or the service's complaint."""
    declared = template.get("Parameters", {})
    unknown = [p["ParameterKey"] for p in given if p["ParameterKey"] not in declared]
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    texts = {name: str(slot["Default"]) for name, slot in declared.items() if "Default" in slot}
    for parameter in given:
        name = parameter["ParameterKey"]
        if parameter.get("UsePreviousValue"):
            if name not in before:
                raise invalid(f"Invalid input for parameter key {name}. There is no previous value.")
            texts[name] = before[name]
        else:
            texts[name] = parameter.get("ParameterValue", "")
    missing = [name for name in declared if name not in texts]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, slot in declared.items():
        _check_parameter(name, slot, texts[name])
    return texts


def _check_parameter(name: str, slot: dict, text: str) -> None:
    allowed = [str(value) for value in slot.get("AllowedValues", [])]
    items = text.split(",") if slot["Type"].startswith("List<") or slot["Type"] == "CommaDelimitedList" else [text]
    if allowed and any(item.strip() not in allowed for item in items):
        raise invalid(f"Parameter '{name}' must be one of AllowedValues")
    if "AllowedPattern" in slot and not re.fullmatch(slot["AllowedPattern"], text):
        raise invalid(f"Parameter {name} failed to satisfy constraint: {slot.get('ConstraintDescription', slot['AllowedPattern'])}")
    if len(text) < int(slot.get("MinLength", 0)) or len(text) > int(slot.get("MaxLength", 4096)):
        raise invalid(f"Parameter '{name}' has a length that its constraints do not allow")
    if slot["Type"] == "Number":
        try:
            number = float(text)
        except ValueError:
            raise invalid(f"Parameter '{name}' must be a number.") from None
        if not float(slot.get("MinValue", number)) <= number <= float(slot.get("MaxValue", number)):
            raise invalid(f"Parameter '{name}' must be within MinValue and MaxValue")


def typed(slot: dict, text: str):
    if slot["Type"] == "CommaDelimitedList" or slot["Type"].startswith("List<"):
        return [item.strip() for item in text.split(",")]
    if slot["Type"] == "Number":
        return float(text) if "." in text or "e" in text.lower() else int(text)
    return text


class Context:
    """What a template's functions draw on."""

    def __init__(self, template: dict, texts: dict[str, str], pseudo: dict, exports: dict):
        self.template, self.pseudo, self.exports = template, pseudo, exports
        self.parameters = {n: typed(slot, texts[n]) for n, slot in template.get("Parameters", {}).items()}
        # A resource's value is None while it is still to be made.
        self.made: dict = {}
        self._conditions: dict[str, bool] = {}

    def condition(self, name: str) -> bool:
        if name not in self._conditions:
            if name not in self.template.get("Conditions", {}):
                raise invalid(f"Template format error: Unresolved condition dependency {name}")
            self._conditions[name] = bool(self._test(self.template["Conditions"][name]))
        return self._conditions[name]

    def _test(self, test) -> bool:
        (function, argument), = test.items()
        if function == "Condition":
            return self.condition(argument)
        if function == "Fn::Equals":
            left, right = (self.resolve(value) for value in argument)
            return str(left) == str(right)
        if function == "Fn::Not":
            return not self._test(argument[0])
        if function == "Fn::And":
            return all([self._test(inner) for inner in argument])
        if function == "Fn::Or":
            return any([self._test(inner) for inner in argument])
        raise invalid(f"Template error: {function} is no condition")

    def active(self) -> dict[str, dict]:
        """The resources whose conditions hold."""
        resources = self.template["Resources"]
        return {n: r for n, r in resources.items() if "Condition" not in r or self.condition(r["Condition"])}

    def resolve(self, value):
        if isinstance(value, list):
            return [item for item in (self.resolve(v) for v in value) if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name.startswith("Fn::"):
                function = getattr(self, "_" + name[4:].lower(), None)
                if function is None:
                    raise invalid(f"Template error: the stand-in does not know {name}")
                return function(argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NOTHING}

    def _ref(self, name: str):
        if name == "AWS::NoValue":
            return NOTHING
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        made = self._made(name)
        return LATER if made is None else made.physical_id

    def _made(self, name: str):
        if name not in self.made:
            raise invalid(f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template")
        return self.made[name]

    def _getatt(self, argument):
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else (argument[0], self.resolve(argument[1]))
        made = self._made(name)
        return LATER if made is None else made.attribute(attribute)

    def _sub(self, argument):
        text, own = (argument, {}) if isinstance(argument, str) else argument
        values = {key: self.resolve(item) for key, item in own.items()}

        def replaced(match) -> str:
            literal, name = match.groups()
            if literal:
                return "${" + name + "}"
            if name in values:
                return str(values[name])
            found = self._getatt(name) if "." in name else self._ref(name)
            return str(found)

        return SUBSTITUTION.sub(replaced, text)

    def _if(self, argument):
        name, then, otherwise = argument
        return self.resolve(then if self.condition(name) else otherwise)

    def _join(self, argument):
        separator, items = argument
        resolved = self.resolve(items)
        return LATER if resolved == LATER else separator.join(str(item) for item in resolved)

    def _split(self, argument):
        return str(self.resolve(argument[1])).split(argument[0])

    def _select(self, argument):
        return self.resolve(argument[1])[int(self.resolve(argument[0]))]

    def _findinmap(self, argument):
        name, first, second = (self.resolve(item) for item in argument[:3])
        return self.template["Mappings"][name][first][second]

    def _base64(self, argument):
        return base64.b64encode(str(self.resolve(argument)).encode()).decode()

    def _tojsonstring(self, argument):
        return json.dumps(self.resolve(argument))

    def _getazs(self, argument):
        region = self.resolve(argument) or self.pseudo["AWS::Region"]
        return [region + zone for zone in "abc"]

    def _importvalue(self, argument):
        name = self.resolve(argument)
        if name not in self.exports:
            raise invalid(f"No export named {name} found.")
        return self.exports[name]


def drawn_on(value, names: set[str]) -> set[str]:
    """The resources that a resource draws on."""
    if isinstance(value, list):
        return set().union(*(drawn_on(item, names) for item in value))
    if isinstance(value, str):
        return set()
    if not isinstance(value, dict):
        return set()
    found = set().union(*(drawn_on(item, names) for item in value.values()))
    if isinstance(value.get("Ref"), str):
        found.add(value["Ref"])
    if "Fn::GetAtt" in value:
        attribute = value["Fn::GetAtt"]
        found.add(attribute.split(".")[0] if isinstance(attribute, str) else attribute[0])
    if "Fn::Sub" in value:
        text = value["Fn::Sub"] if isinstance(value["Fn::Sub"], str) else value["Fn::Sub"][0]
        found |= {m.group(2).split(".")[0] for m in SUBSTITUTION.finditer(text) if not m.group(1)}
    return found & names


def in_order(resources: dict[str, dict]) -> list[str]:
    names, ordered = set(resources), []
    needs = {}
    for name, resource in resources.items():
        explicit = resource.get("DependsOn", [])
        explicit = {explicit} if isinstance(explicit, str) else set(explicit)
        needs[name] = (drawn_on(resource.get("Properties", {}), names) | (explicit & names)) - {name}
    while len(ordered) < len(names):
        ready = next((n for n in resources if n not in ordered and needs[n] <= set(ordered)), None)
        if ready is None:
            raise invalid(f"Circular dependency between resources: {sorted(names - set(ordered))}")
        ordered.append(ready)
    return ordered
