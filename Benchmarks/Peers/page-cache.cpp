// What writing to a file costs in processor time, by the size of the pieces and by where they begin: why uploads are
// stored in whole blocks whose ends lie at multiples of their size.
//
//     page-cache DIRECTORY
//
// It prints, for each kind of piece, the least of five rounds; memory that a virtual machine touches for the first time
// costs more, whoever touches it.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace {

constexpr off_t total = 256 << 20;

double processorSeconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return double(now.tv_sec) + double(now.tv_nsec) / 1e9;
}

double write(const std::string &path, const std::vector<char> &bytes, size_t size, off_t start, bool allocates) {
    int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || (start > 0 && pwrite(file, bytes.data(), size_t(start), 0) != start)) {
        std::fprintf(stderr, "page-cache: %s: %s\n", path.c_str(), std::strerror(errno));
        std::exit(1);
    }
    double begun = processorSeconds();
    for (off_t place = 0; allocates && place < total; place += 64 << 20) {
        // Where the file system can't allocate ahead, that is what is measured.
        if (fallocate(file, FALLOC_FL_KEEP_SIZE, place, 64 << 20) != 0) break;
    }
    for (off_t place = start; place < total; place += off_t(size)) {
        if (pwrite(file, bytes.data(), size, place) != ssize_t(size)) std::exit(1);
    }
    double seconds = processorSeconds() - begun;
    close(file);
    unlink(path.c_str());
    return seconds / (double(total) / 1e9);
}

}  // namespace

int main(int count, char **words) {
    if (count != 2) {
        std::fprintf(stderr, "usage: page-cache DIRECTORY\n");
        return 64;
    }
    std::vector<char> bytes(1 << 20, 0x5A);
    std::printf("CPU s/GB                    from 0  from 64 KiB  from an odd byte\n");
    for (bool allocates : {false, true}) {
        for (size_t size : {64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20}) {
            std::printf("%s, %4zu KiB", allocates ? "allocated ahead    " : "not allocated ahead", size >> 10);
            for (off_t start : {0, 64 << 10, 4196}) {
                double least = 1e9;
                for (int round = 0; round < 5; round++)
                    least = std::min(least, write(std::string(words[1]) + "/page-cache", bytes, size, start, allocates));
                std::printf("%9.3f", least);
            }
            std::printf("\n");
        }
    }
    return 0;
}
