// What the kernel and one pass over the bytes cost at least: receive, XOR into another place, write to a file, in one
// thread, 256 KiB at a time, without WebSocket, without protecting anybody from a slow disk. An upload can't cost a
// server that unmasks and stores less, on this machine, at this moment.
//
//     floor DIRECTORY [MEGABYTES]
//
// It prints one JSON object with the names that load uses.
#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr size_t block = 256 << 10;

[[noreturn]] void fail(const char *what) {
    std::fprintf(stderr, "floor: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

double time(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return double(now.tv_sec) + double(now.tv_nsec) / 1e9;
}

double childSeconds() {
    rusage usage{};
    getrusage(RUSAGE_CHILDREN, &usage);
    auto seconds = [](timeval time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void send(const sockaddr_in &address, int64_t total) {
    int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (connect(socket, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) _exit(1);
    std::vector<char> bytes(1 << 20, 0x5A);
    while (total > 0) {
        ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) _exit(1);
        total -= count;
    }
    _exit(0);
}

// As the compiler likes it: 64 bytes at a time, aligned or not.
void unmask(char *to, const char *from, size_t count) {
    typedef uint64_t Wide __attribute__((vector_size(64), aligned(1), may_alias));
    const uint64_t word = 0x7834'5612'7834'5612;
    const Wide key = {word, word, word, word, word, word, word, word};
    size_t index = 0;
    for (; index + 64 <= count; index += 64)
        *reinterpret_cast<Wide *>(to + index) = *reinterpret_cast<const Wide *>(from + index) ^ key;
    for (; index < count; index++) to[index] = char(from[index] ^ char(word >> (8 * (index % 8))));
}

}  // namespace

int main(int count, char **words) {
    if (count < 2) {
        std::fprintf(stderr, "usage: floor DIRECTORY [MEGABYTES]\n");
        return 64;
    }
    const int64_t total = int64_t(count > 2 ? std::atoi(words[2]) : 256) << 20;
    const std::string path = std::string(words[1]) + "/floor";
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, reinterpret_cast<sockaddr *>(&address), length) != 0 || listen(listener, 1) != 0
        || getsockname(listener, reinterpret_cast<sockaddr *>(&address), &length) != 0)
        fail("listen");
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) send(address, total);
    int socket = accept(listener, nullptr, nullptr);
    int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (socket < 0 || file < 0) fail(path.c_str());
    std::vector<char> received(block), unmasked(block);
    double begun = time(CLOCK_MONOTONIC), used = time(CLOCK_PROCESS_CPUTIME_ID);
    int64_t offset = 0, allocated = 0;
    size_t filled = 0;
    while (offset + int64_t(filled) < total) {
        ssize_t got = recv(socket, received.data(), std::min(block, block - filled), 0);
        if (got <= 0) fail("recv");
        unmask(unmasked.data() + filled, received.data(), size_t(got));
        filled += size_t(got);
        if (filled < block && offset + int64_t(filled) < total) continue;
        if (offset >= allocated) {
            if (fallocate(file, FALLOC_FL_KEEP_SIZE, allocated, 64 << 20) != 0 && errno != EOPNOTSUPP) fail("fallocate");
            allocated += 64 << 20;
        }
        if (pwrite(file, unmasked.data(), filled, offset) != ssize_t(filled)) fail("pwrite");
        offset += int64_t(filled);
        filled = 0;
    }
    used = time(CLOCK_PROCESS_CPUTIME_ID) - used;
    begun = time(CLOCK_MONOTONIC) - begun;
    close(file);
    unlink(path.c_str());
    waitpid(child, nullptr, 0);
    double gigabytes = double(total) / 1e9;
    std::printf(
        "{\"mode\":\"upload\",\"connections\":1,\"streamBytes\":%" PRId64 ",\"chunkBytes\":%zu,\"gigabytesPerSecond\":%.4f,"
        "\"cpuSecondsPerGigabyte\":%.4f,\"clientCPUSecondsPerGigabyte\":%.4f,\"anonymousBytesBefore\":0,"
        "\"anonymousBytesPeak\":0}\n",
        total, block, gigabytes / begun, used / gigabytes, childSeconds() / gigabytes);
    return 0;
}
