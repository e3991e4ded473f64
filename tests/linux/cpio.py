# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""Archives as the kernel unpacks them at boot: cpio, "newc"."""
import stat


def _padded(data):
    return data + bytes(-len(data) % 4)


def _entry(name, mode, data):
    encoded = name.encode() + b"\0"
    # inode, mode, uid, gid, links, time, size, four device numbers, length of the name, checksum
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return _padded(header + encoded) + _padded(data)


def archive(files, folders=()):
    """The bytes of an archive: {path: bytes}, all of them executable, and empty folders."""
    parts = [_entry(name, stat.S_IFDIR | 0o755, b"") for name in folders]
    parts += [_entry(name, stat.S_IFREG | 0o755, data) for name, data in files.items()]
    return b"".join(parts) + _entry("TRAILER!!!", 0, b"")
