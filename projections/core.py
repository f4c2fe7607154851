"""The read models of the lane `core`: what people read back at once."""

from projections.chats import chats
from projections.connections import connections
from projections.messages import messages
from projections.read_model import ReadModel
from projections.sessions import sessions
from projections.users import users

CORE: tuple[ReadModel, ...] = (chats, messages, users, sessions, connections)
