"""Whether the arguments that an entry such as `web:create_app('prod')` gives are those that its factory takes."""

import ast


def tell_call(body: list[ast.stmt], entry: str) -> str:
    """What is wrong with the arguments of `entry`, and what to write; "" where nothing is, or is certain.

    Only the one function of that name without a decorator is judged: what else may give or take arguments is not known.
    """
    begin, _, arguments = entry.partition("(")
    name = begin.partition(":")[2]
    found = [one for one in body if isinstance(one, ast.FunctionDef) and one.name == name]
    if len(found) != 1 or found[0].decorator_list:
        return ""
    try:
        call = ast.parse(f"{name}({arguments}", mode="eval").body
    except (SyntaxError, ValueError):
        return ""
    if not isinstance(call, ast.Call) or any(isinstance(one, ast.Starred) for one in call.args):
        return ""
    return _compare(
        found[0].args, len(call.args), [one.arg for one in call.keywords if one.arg], f"{begin}(", arguments
    )


def _compare(takes: ast.arguments, count: int, named: list[str], begin: str, arguments: str) -> str:
    places = [one.arg for one in (*takes.posonlyargs, *takes.args)]
    after = [one.arg for one in takes.kwonlyargs]
    if count > len(places) and not takes.vararg:
        most = f"at most {len(places)}" if places else "none"
        hint = f"{begin})" if not places else f"that many: {', '.join(places)}"
        return f"gives {count} argument{'' if count == 1 else 's'}, and {begin}) takes {most} by place; write {hint}"
    names = {*(one.arg for one in takes.args), *after}
    for one in named:
        if one not in names and not takes.kwarg:
            there = ", ".join((*places, *after)) or "none"
            return f"gives {one}, and {begin}) takes no such argument; those that it takes: {there}"
    needed = places[count : max(count, len(places) - len(takes.defaults))]
    needed += [one for one, default in zip(after, takes.kw_defaults, strict=True) if default is None]
    lacking = [one for one in needed if one not in named]
    if not lacking:
        return ""
    given = arguments[:-1].strip()
    return f"is called without {lacking[0]}; write it, as in {begin}{given}{', ' * bool(given)}{lacking[0]}='...')"
