"""Where a store keeps its files: a local or mounted folder, or what a URL names, e.g. `s3://bucket/study`."""

from ablate.storage.failures import explain, is_passing
from ablate.storage.folder import Folder
from ablate.storage.patience import AT_ONCE, Patience
from ablate.storage.remote import Remote
from ablate.storage.storage import Place, Storage, is_url, open_storage, read_place

__all__ = [
    "AT_ONCE",
    "Folder",
    "Patience",
    "Place",
    "Remote",
    "Storage",
    "explain",
    "is_passing",
    "is_url",
    "open_storage",
    "read_place",
]
