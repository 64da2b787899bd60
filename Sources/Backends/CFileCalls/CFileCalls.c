// The file calls that Swift cannot name, or that differ by platform. A Windows file would stand beside this one.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CFileCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <string.h>
#if defined(__linux__)
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#endif
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

void c_ignore_access_time(int fd) {
#if defined(O_NOATIME)
    fcntl(fd, F_SETFL, O_NONBLOCK | O_NOATIME);
#else
    (void)fd;
#endif
}

ssize_t c_pread_nowait(int fd, void *buffer, size_t count, off_t offset) {
#if defined(__linux__) && defined(RWF_NOWAIT)
    struct iovec vector = {buffer, count};
    return preadv2(fd, &vector, 1, offset, RWF_NOWAIT);
#else
    (void)fd, (void)buffer, (void)count, (void)offset;
    errno = EOPNOTSUPP;
    return -1;
#endif
}

int c_preallocate(int fd, off_t offset, off_t length) {
#if defined(__linux__)
    return fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length);
#elif defined(__APPLE__)
    (void)offset;
    fstore_t store = {F_ALLOCATEALL, F_PEOFPOSMODE, 0, length, 0};
    return fcntl(fd, F_PREALLOCATE, &store) == -1 ? -1 : 0;
#else
    (void)fd, (void)offset, (void)length;
    errno = EOPNOTSUPP;
    return -1;
#endif
}

off_t c_first_unwritten(int fd, off_t size) {
#if defined(__linux__)
    enum { most = 32 };
    union {
        struct fiemap map;
        char room[sizeof(struct fiemap) + most * sizeof(struct fiemap_extent)];
    } request;
    off_t offset = 0;
    while (offset < size) {
        memset(&request, 0, sizeof request);
        request.map.fm_start = (uint64_t)offset;
        request.map.fm_length = (uint64_t)(size - offset);
        request.map.fm_flags = FIEMAP_FLAG_SYNC;
        request.map.fm_extent_count = most;
        if (ioctl(fd, FS_IOC_FIEMAP, &request.map) == -1) {
            return -1;
        }
        if (request.map.fm_mapped_extents == 0) {
            return size;
        }
        for (uint32_t index = 0; index < request.map.fm_mapped_extents; index++) {
            const struct fiemap_extent *extent = &request.map.fm_extents[index];
            if (extent->fe_flags & FIEMAP_EXTENT_UNWRITTEN) {
                off_t start = (off_t)extent->fe_logical;
                return start < size ? start : size;
            }
            if (extent->fe_flags & FIEMAP_EXTENT_LAST) {
                return size;
            }
            offset = (off_t)(extent->fe_logical + extent->fe_length);
        }
    }
    return size;
#else
    (void)fd, (void)size;
    errno = EOPNOTSUPP;
    return -1;
#endif
}

int c_flush(int fd) {
#if defined(__APPLE__)
    return fcntl(fd, F_FULLFSYNC) == -1 ? fsync(fd) : 0;
#else
    return fsync(fd);
#endif
}

int c_boot_id(char *text, size_t size) {
#if defined(__linux__)
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return -1;
    }
    ssize_t count = read(fd, text, size - 1);
    close(fd);
    if (count <= 0) {
        return -1;
    }
    text[count] = 0;
    text[strcspn(text, "\n")] = 0;
    return 0;
#elif defined(__APPLE__)
    return sysctlbyname("kern.bootsessionuuid", text, &size, NULL, 0);
#else
    (void)text, (void)size;
    errno = EOPNOTSUPP;
    return -1;
#endif
}

int c_set_modified(int fd, int64_t milliseconds) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = milliseconds / 1000}};
    times[1].tv_nsec = (milliseconds % 1000) * 1000000;
    return futimens(fd, times);
}

int c_set_attribute(int fd, const char *name, const void *value, size_t size) {
#if defined(__APPLE__)
    return fsetxattr(fd, name, value, size, 0, 0);
#else
    return fsetxattr(fd, name, value, size, 0);
#endif
}

ssize_t c_get_attribute(int fd, const char *name, void *value, size_t size) {
#if defined(__APPLE__)
    return fgetxattr(fd, name, value, size, 0, 0);
#else
    return fgetxattr(fd, name, value, size);
#endif
}
