"""Groups as the arrays that the database's append takes, written as PostgreSQL reads them."""

from collections.abc import Iterable, Sequence

from infrastructure.groups import Group


def parameters(groups: Sequence[Group]) -> tuple[str, ...]:
    """What log.append is called with; numbers count from one."""
    streams = [(n, each) for n, group in enumerate(groups, 1) for each in group.streams]
    guards = [(n, *guard) for n, group in enumerate(groups, 1) for guard in group.guards]
    events = [
        (n, event, metadata)
        for n, (_, stream) in enumerate(streams, 1)
        for event, metadata in zip(stream.events, stream.metadata, strict=True)
    ]
    return (
        plain(group.command_id for group in groups),
        plain(n for n, _ in streams),
        plain(each.id for _, each in streams),
        plain(each.category for _, each in streams),
        plain(each.root_id for _, each in streams),
        plain(each.owner_id for _, each in streams),
        plain(each.before for _, each in streams),
        plain(each.after for _, each in streams),
        plain(each.state for _, each in streams),
        plain(n for n, _, _ in guards),
        plain(key for _, key, _ in guards),
        plain(root for _, _, root in guards),
        plain(n for n, _, _ in events),
        plain(event.version for _, event, _ in events),
        plain(event.type for _, event, _ in events),
        quoted(event.data for _, event, _ in events),
        quoted(metadata for _, _, metadata in events),
    )


def plain(values: Iterable[object]) -> str:
    """An array of what needs no quotes: numbers, ids and names of ours."""
    return "{" + ",".join(["null" if each is None else str(each) for each in values]) + "}"


def quoted(values: Iterable[str]) -> str:
    """An array of any texts."""
    texts = [each.replace("\\", "\\\\").replace('"', '\\"') for each in values]
    return '{"' + '","'.join(texts) + '"}' if texts else "{}"
