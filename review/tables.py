"""The tables of what is kept beside the index."""

from sqlalchemy import MetaData

METADATA = MetaData()
