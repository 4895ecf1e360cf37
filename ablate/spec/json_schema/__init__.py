"""The language as a JSON Schema, from which editors complete and explain every key."""

from ablate.spec.json_schema.document import create_schema

__all__ = ["create_schema"]
