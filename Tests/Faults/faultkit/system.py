"""The machine's own means of trouble: small file systems, power cuts, bad sectors, network namespaces."""

import ctypes
import fcntl
import os
import shutil
import subprocess
import time
import uuid


class Skip(Exception):
    """This machine can't bring the fault about; the message says why."""


def run(*command, check=True, **options):
    """Runs a command; its output."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if check and result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ends with {result.returncode}: {result.stdout}")
    return result.stdout


def need(*tools):
    """Skips where a tool is missing."""
    for tool in tools:
        if shutil.which(tool) is None:
            raise Skip(f"there is no {tool}")


def need_root():
    """Skips where mounting and the like is not allowed."""
    if os.geteuid() != 0:
        raise Skip("it takes root")


#: ext4's own power cut: nothing more gets to the device, the journal is not flushed (EXT4_GOING_FLAGS_NOLOGFLUSH).
EXT4_IOC_SHUTDOWN = 0x8004587D


class FileSystem:
    """A small file system of its own."""

    def __init__(self, scene, kind, size, *make_options):
        need_root()
        self.path = os.path.join(scene.directory, f"{kind}-{len(os.listdir(scene.directory))}")
        self.image = self.path + ".image"
        self.kind = kind
        os.makedirs(self.path)
        self.is_mounted = False
        if kind == "tmpfs":
            self.options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs"]
        else:
            need(f"mkfs.{kind}")
            with open(self.image, "wb") as file:
                file.truncate(size)
            run(f"mkfs.{kind}", "-q", "-F", *make_options, self.image)
            self.options = ["-o", "loop", self.image]
        self.mount()
        scene.at_end(self.unmount)

    def mount(self):
        try:
            run("mount", *self.options, self.path)
        except RuntimeError as error:
            raise Skip(f"{self.kind} can't be mounted: {error}") from error
        self.is_mounted = True

    def unmount(self):
        """A process that was killed may hold the file system for a moment longer."""
        if not self.is_mounted:
            return
        deadline = time.monotonic() + 20
        while subprocess.run(["umount", self.path], capture_output=True).returncode != 0:
            if time.monotonic() > deadline:
                run("umount", "-l", self.path)
                break
            time.sleep(0.05)
        self.is_mounted = False

    def cut_power(self):
        """From now on nothing gets to the device, and every call fails."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, ctypes.c_uint32(2))
        finally:
            os.close(descriptor)

    def free(self):
        """Bytes that are free."""
        info = os.statvfs(self.path)
        return info.f_bavail * info.f_frsize

    def fill(self, leave=0):
        """Fills the file system with a file of somebody else's; returns its path."""
        path = os.path.join(self.path, "somebody-else's")
        block = b"x" * 65536
        with open(path, "wb", buffering=0) as file:
            try:
                while self.free() > leave:
                    file.write(block[: max(512, min(len(block), self.free() - leave))])
            except OSError:
                pass
        return path


class Boot:
    """What a gateway takes for the machine's boot: another one after each power cut, as there would be."""

    def __init__(self, scene):
        need_root()
        need("unshare")
        self.path = os.path.join(scene.directory, "boot_id")
        self.next()
        #: Runs a command in this boot.
        bind = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
        self.wrapper = ["unshare", "--mount", "sh", "-c", bind, self.path]

    def next(self):
        """The machine starts again."""
        with open(self.path, "w", encoding="ascii") as file:
            file.write(f"{uuid.uuid4()}\n")


def resident_anonymous(pid):
    """How much memory a process has for itself, in bytes."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no RssAnon")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def mappings(pid):
    with open(f"/proc/{pid}/maps", "rb") as file:
        return file.read().count(b"\n")


def processor_seconds(pid):
    """How long a process has computed."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
