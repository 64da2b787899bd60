#ifndef C_FILE_CALLS_H
#define C_FILE_CALLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Has reads of an open, non-blocking file not change the time of its last access, where the platform can and the caller
/// may: O_NOATIME by F_SETFL of fcntl(2). Asked for at open(2) it would fail on files that belong to somebody else, also on
/// those that are being created where the file system gives them an owner of its own; they would be there then.
///
/// Nobody asks for that time, and where what is being written is read as it grows, each read would change it.
void c_ignore_access_time(int fd);

/// Reads what is in the page cache and never waits for a device: preadv2(2) with RWF_NOWAIT.
///
/// Returns as pread(2) does; -1 with EAGAIN where a byte would have to be waited for, and with EOPNOTSUPP where the
/// platform or the file system cannot tell.
ssize_t c_pread_nowait(int fd, void *buffer, size_t count, off_t offset);

/// Allocates blocks for a range without changing the file's length: fallocate(2) with FALLOC_FL_KEEP_SIZE on Linux,
/// fcntl(2) with F_PREALLOCATE on Darwin. Never glibc's emulation, which writes every block.
///
/// Returns 0, or -1 with errno; EOPNOTSUPP where the file system has no such thing.
int c_preallocate(int fd, off_t offset, off_t length);

/// Where the first blocks begin, below `size`, that were allocated and never written, or `size`: the FS_IOC_FIEMAP request
/// of ioctl(2), after what is in the page cache was written.
///
/// Returns -1 with errno; EOPNOTSUPP or ENOTTY where the platform or the file system cannot tell.
off_t c_first_unwritten(int fd, off_t size);

/// Writes the name of the machine's present boot, a C string, into `text`, which has room for `size` bytes:
/// `/proc/sys/kernel/random/boot_id` (random(4)), `kern.bootsessionuuid` (sysctl(3)).
///
/// Returns 0, or -1 with errno.
int c_boot_id(char *text, size_t size);

/// Flushes a file to the device, through the device's own cache where the platform can: fsync(2), F_FULLFSYNC.
int c_flush(int fd);

/// Sets when an open file's contents changed last, in milliseconds since 1970, not before that: futimens(2). Returns 0, or
/// -1 with errno.
int c_set_modified(int fd, int64_t milliseconds);

/// Sets an extended attribute of an open file. Returns 0, or -1 with errno.
int c_set_attribute(int fd, const char *name, const void *value, size_t size);

/// Gets an extended attribute of an open file. Returns its length, or -1 with errno (ENODATA or ENOATTR: none).
ssize_t c_get_attribute(int fd, const char *name, void *value, size_t size);

#endif
