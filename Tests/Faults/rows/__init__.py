"""The rows of the fault matrix, by what is at fault."""

from . import crash, disk, damage, index, network, process  # noqa: F401
