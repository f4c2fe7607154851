"""The read models of the lane `core`: what people read back at once."""

from projections.attachments import attachments
from projections.chats import chats
from projections.connections import connections
from projections.files import files
from projections.knowledge import knowledge
from projections.messages import messages
from projections.read_model import ReadModel
from projections.sessions import sessions
from projections.users import users

CORE: tuple[ReadModel, ...] = (
    chats,
    messages,
    attachments,
    users,
    sessions,
    connections,
    files,
    knowledge,
)
