"""The read models of the lane `core`: what people read back at once."""

from projections.attachments import attachments
from projections.battles import battles
from projections.chats import chats
from projections.connections import connections
from projections.drives import drives
from projections.exports import exports
from projections.files import files
from projections.imports import imports
from projections.knowledge import knowledge
from projections.knowledge_sources import knowledge_sources
from projections.messages import messages
from projections.ratings import ratings
from projections.read_model import ReadModel
from projections.sessions import sessions
from projections.sinks import sinks
from projections.users import users

CORE: tuple[ReadModel, ...] = (
    chats,
    messages,
    attachments,
    ratings,
    battles,
    users,
    sessions,
    connections,
    files,
    knowledge,
    knowledge_sources,
    exports,
    imports,
    drives,
    sinks,
)
