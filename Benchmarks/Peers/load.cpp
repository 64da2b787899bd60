// A load generator that costs as little as can be, for the gateway and for the servers that it is compared with: the base
// protocol over WebSocket, or HTTP/1.1 with PUT, GET and Range. One thread, epoll, prepared frames.
//
//     load ws://127.0.0.1:8080/audio upload --connections 16 --seconds 2 --warm-up 1 --pid 4711
//
// It prints one JSON object with what went by, what the processes given by --pid used meanwhile (their processor clocks,
// and RssAnon of /proc/PID/status), and how long each operation took. A failure ends it with status 1.
//
// Uploads go in rounds: every connection sends one stream, from START to STOPPED, or one PUT. Then all streams are
// removed, which is not measured. Reads go on until the time is over.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

[[noreturn]] void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::fputs("load: ", stderr);
    std::vfprintf(stderr, format, arguments);
    std::fputc('\n', stderr);
    va_end(arguments);
    std::exit(1);
}

int64_t now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

enum class Mode { upload, download, whole, get };

struct Plan {
    bool isHTTP = false;
    std::string host;
    uint16_t port = 0;
    std::string path;
    Mode mode = Mode::upload;
    std::string modeName;
    int connections = 1;
    double seconds = 2;
    double warmUp = 0.5;
    int64_t size = 0;
    int64_t chunk = 65536;
    int depth = 32;
    std::vector<int> pids;
};

// What goes by while it is measured.
struct Totals {
    int64_t bytes = 0;
    int64_t operations = 0;
    std::vector<int64_t> latencies;
    std::vector<int64_t> starts;
};

// What processes have used.
struct Use {
    double seconds = 0;
    int64_t anonymous = 0;
};

Use use(const std::vector<int> &pids) {
    Use sum;
    for (int pid : pids) {
        // Of all threads, in nanoseconds (clock_getcpuclockid(3)); /proc/PID/stat counts in hundredths.
        clockid_t clock;
        timespec time{};
        if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
            fail("process %d can't be looked at", pid);
        sum.seconds += double(time.tv_sec) + double(time.tv_nsec) / 1e9;
        char name[64], text[4096];
        std::snprintf(name, sizeof name, "/proc/%d/status", pid);
        std::unique_ptr<FILE, int (*)(FILE *)> status(std::fopen(name, "r"), std::fclose);
        while (status && std::fgets(text, sizeof text, status.get())) {
            long kilobytes = 0;
            if (std::sscanf(text, "RssAnon: %ld", &kilobytes) == 1) sum.anonymous += kilobytes * 1024;
        }
    }
    return sum;
}

double ownSeconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](timeval time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A masked frame's header and the key in it.
void appendFrame(std::string &out, uint8_t opcode, const char *payload, size_t count, uint32_t key) {
    out.push_back(char(0x80 | opcode));
    if (count < 126) {
        out.push_back(char(0x80 | count));
    } else if (count < 65536) {
        out.push_back(char(0x80 | 126));
        out.push_back(char(count >> 8));
        out.push_back(char(count));
    } else {
        out.push_back(char(0x80 | 127));
        for (int shift = 56; shift >= 0; shift -= 8) out.push_back(char(uint64_t(count) >> shift));
    }
    char mask[4];
    std::memcpy(mask, &key, 4);
    out.append(mask, 4);
    size_t start = out.size();
    out.resize(start + count);
    for (size_t index = 0; index < count; index++) out[start + index] = char(payload[index] ^ mask[index & 3]);
}

std::mt19937 generator{std::random_device{}()};

// Bytes that were made before, to be sent over and over: whole frames, or the plain bytes.
struct Prepared {
    std::string bytes;
    size_t unit = 0;  // Bytes on the wire for one chunk.
    int64_t chunk;

    Prepared(const Plan &plan) : chunk(plan.chunk) {
        std::string payload(size_t(plan.chunk), '\0');
        for (char &byte : payload) byte = char(generator());
        int64_t frames = std::max<int64_t>(1, (1 << 20) / plan.chunk);
        for (int64_t index = 0; index < frames; index++) {
            if (plan.isHTTP) {
                bytes += payload;
            } else {
                appendFrame(bytes, 2, payload.data(), payload.size(), uint32_t(generator()));
            }
            if (index == 0) unit = bytes.size();
        }
    }
};

class Line {
public:
    Line(const Plan &plan, const Prepared &prepared, Totals &totals, int number)
        : plan(plan), prepared(prepared), totals(totals), number(number) {}

    int fd = -1;
    bool isBusy = false;
    bool wantsWrite = false;

    void connect() {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) fail("socket: %s", std::strerror(errno));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(plan.port);
        if (inet_pton(AF_INET, plan.host.c_str(), &address.sin_addr) != 1) fail("%s is no address", plan.host.c_str());
        if (::connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
            fail("connect to %s:%d: %s", plan.host.c_str(), plan.port, std::strerror(errno));
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (plan.isHTTP) return;
        std::string request = "GET " + plan.path + " HTTP/1.1\r\nHost: " + plan.host + ":" + std::to_string(plan.port)
            + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
              "Sec-WebSocket-Version: 13\r\n\r\n";
        sendAll(request.data(), request.size());
        std::string answer;
        while (answer.find("\r\n\r\n") == std::string::npos) {
            char byte;
            if (recv(fd, &byte, 1, 0) != 1) fail("the handshake broke off after: %s", answer.c_str());
            answer.push_back(byte);
        }
        if (answer.compare(0, 12, "HTTP/1.1 101") != 0) fail("no upgrade: %s", answer.c_str());
    }

    // What is read is uploaded first, over one line, while nothing is measured.
    void store(const std::string &name) {
        id = name;
        if (plan.isHTTP) {
            std::string head = "PUT /" + id + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(plan.size) + "\r\n\r\n";
            sendAll(head.data(), head.size());
            storeBytes();
            waitFor("HTTP/1.1 2");
        } else {
            sendText("{\"type\":\"START\",\"streamId\":\"" + id + "\"}");
            waitFor("STARTED");
            storeBytes();
            sendText("{\"type\":\"STOP\",\"streamId\":\"" + id + "\"}");
            waitFor("STOPPED");
        }
    }

    void remove(const std::string &name) {
        if (plan.isHTTP) {
            std::string head = "DELETE /" + name + " HTTP/1.1\r\nHost: x\r\n\r\n";
            sendAll(head.data(), head.size());
            waitFor("HTTP/1.1 2");
        } else {
            sendText("{\"type\":\"DELETE\",\"streamId\":\"" + name + "\"}");
            waitFor("DELETED");
        }
    }

    // Begins an operation; it goes on by itself until `isOver`.
    void begin(const std::string &shared) {
        isBusy = true;
        begun = now();
        if (plan.mode == Mode::upload) {
            id = "bench-" + std::to_string(getpid()) + "-" + std::to_string(number) + "-" + std::to_string(++streams);
            remaining = plan.size;
            place = 0;
            step = Step::starting;
            if (plan.isHTTP) {
                out += "PUT /" + id + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(plan.size) + "\r\n\r\n";
                step = Step::sending;
            } else {
                queueText("{\"type\":\"START\",\"streamId\":\"" + id + "\"}");
            }
        } else {
            id = shared;
            asked = 0;
            got = 0;
            step = Step::reading;
            ask();
        }
        write();
    }

    // Has the stream removed that was uploaded.
    void removeUploaded() {
        isBusy = true;
        step = Step::deleting;
        if (plan.isHTTP) out += "DELETE /" + id + " HTTP/1.1\r\nHost: x\r\n\r\n";
        else queueText("{\"type\":\"DELETE\",\"streamId\":\"" + id + "\"}");
        write();
    }

    void readable(char *buffer, size_t capacity, bool isOver) {
        for (int turn = 0; turn < 8 && fd >= 0; turn++) {
            ssize_t count = recv(fd, buffer, capacity, MSG_DONTWAIT);
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
            if (count <= 0) fail("the server hung up: %s", count == 0 ? "end of stream" : std::strerror(errno));
            if (plan.isHTTP) parseHTTP(buffer, size_t(count), isOver);
            else parseFrames(buffer, size_t(count), isOver);
            if (size_t(count) < capacity) break;
        }
        if (isBusy && step == Step::reading) ask();
        write();
    }

    void write() {
        wantsWrite = false;
        while (isBusy) {
            if (!out.empty()) {
                ssize_t count = send(fd, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
                if (count < 0 && errno == EAGAIN) { wantsWrite = true; return; }
                if (count < 0) fail("send: %s", std::strerror(errno));
                out.erase(0, size_t(count));
                continue;
            }
            if (step != Step::sending) return;
            if (remaining == 0) {
                step = Step::stopping;
                stopped = now();
                if (!plan.isHTTP) queueText("{\"type\":\"STOP\",\"streamId\":\"" + id + "\"}");
                continue;
            }
            // Whole chunks are left; the block is sent from `place` on.
            size_t wire = size_t(remaining / prepared.chunk) * prepared.unit - place % prepared.unit;
            size_t count = std::min(prepared.bytes.size() - place, wire);
            ssize_t sent = send(fd, prepared.bytes.data() + place, count, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) { wantsWrite = true; return; }
            if (sent < 0) fail("send: %s", std::strerror(errno));
            size_t before = place / prepared.unit;
            place += size_t(sent);
            int64_t chunks = int64_t(place / prepared.unit - before);
            remaining -= chunks * prepared.chunk;
            totals.bytes += chunks * prepared.chunk;
            if (place == prepared.bytes.size()) place = 0;
        }
    }

private:
    enum class Step { starting, sending, stopping, deleting, reading };

    const Plan &plan;
    const Prepared &prepared;
    Totals &totals;
    int number;
    int64_t streams = 0;
    std::string id;
    std::string out;
    Step step = Step::starting;
    int64_t begun = 0, stopped = 0;
    int64_t remaining = 0;
    size_t place = 0;
    // Reading: how many bytes were asked for, and have come.
    int64_t asked = 0, got = 0;
    // Parsing: the head that is not whole, and how much of a body is still to come.
    std::string head;
    int64_t body = 0;
    bool isText = false;
    std::string text;

    void queueText(const std::string &json) { appendFrame(out, 1, json.data(), json.size(), uint32_t(generator())); }

    void sendText(const std::string &json) {
        std::string frame;
        appendFrame(frame, 1, json.data(), json.size(), uint32_t(generator()));
        sendAll(frame.data(), frame.size());
    }

    void sendAll(const char *bytes, size_t count) {
        while (count > 0) {
            ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
            if (sent <= 0) fail("send: %s", std::strerror(errno));
            bytes += sent;
            count -= size_t(sent);
        }
    }

    void storeBytes() {
        int64_t left = plan.size / prepared.chunk;
        int64_t inBlock = int64_t(prepared.bytes.size() / prepared.unit);
        while (left > 0) {
            int64_t frames = std::min(left, inBlock);
            sendAll(prepared.bytes.data(), size_t(frames) * prepared.unit);
            left -= frames;
        }
    }

    void waitFor(const char *word) {
        std::string answer;
        while (answer.find(word) == std::string::npos) {
            char piece[4096];
            ssize_t count = recv(fd, piece, sizeof piece, 0);
            if (count <= 0) fail("no %s, but: %s", word, answer.c_str());
            answer.append(piece, size_t(count));
            if (answer.find("\"ERROR\"") != std::string::npos) fail("%s", answer.c_str());
        }
    }

    // Sends what may be asked for before what was asked for has come.
    void ask() {
        int64_t ahead = plan.mode == Mode::download ? plan.depth * plan.chunk : 1;
        while (asked < wanted() && asked - got < ahead) {
            int64_t length = plan.mode == Mode::whole ? plan.size : plan.chunk;
            int64_t offset = asked;
            if (plan.mode == Mode::get)
                offset = int64_t(generator() % uint64_t(plan.size / plan.chunk)) * plan.chunk;
            char line[512];
            if (plan.isHTTP && plan.mode == Mode::whole) {
                std::snprintf(line, sizeof line, "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", id.c_str());
                out += line;
            } else if (plan.isHTTP) {
                std::snprintf(
                    line, sizeof line, "GET /%s HTTP/1.1\r\nHost: x\r\nRange: bytes=%" PRId64 "-%" PRId64 "\r\n\r\n",
                    id.c_str(), offset, offset + length - 1);
                out += line;
            } else {
                std::snprintf(
                    line, sizeof line, "{\"type\":\"GET\",\"streamId\":\"%s\",\"offset\":%" PRId64 ",\"length\":%" PRId64 "}",
                    id.c_str(), offset, length);
                queueText(line);
            }
            asked += length;
        }
    }

    int64_t wanted() const { return plan.mode == Mode::get ? plan.chunk : plan.size; }

    void received(int64_t count) {
        got += count;
        totals.bytes += count;
    }

    void parseFrames(const char *bytes, size_t count, bool isOver) {
        while (count > 0) {
            if (body > 0) {
                size_t part = std::min(count, size_t(body));
                if (isText) text.append(bytes, part);
                else received(int64_t(part));
                body -= int64_t(part);
                bytes += part;
                count -= part;
                if (body == 0) completed(isOver);
                continue;
            }
            head.push_back(*bytes++);
            count--;
            if (head.size() < 2) continue;
            uint8_t length = uint8_t(head[1]) & 0x7F;
            size_t needed = length == 127 ? 10 : length == 126 ? 4 : 2;
            if (head.size() < needed) continue;
            body = length;
            if (needed > 2) {
                body = 0;
                for (size_t index = 2; index < needed; index++) body = body << 8 | uint8_t(head[index]);
            }
            isText = (head[0] & 0x0F) == 1;
            if (!isText && (head[0] & 0x0F) != 2 && (head[0] & 0x0F) != 0) fail("a frame of opcode %d", head[0] & 0x0F);
            head.clear();
            text.clear();
            if (body == 0) completed(isOver);
        }
    }

    void parseHTTP(const char *bytes, size_t count, bool isOver) {
        while (count > 0) {
            if (body > 0) {
                size_t part = std::min(count, size_t(body));
                if (step == Step::reading) received(int64_t(part));
                body -= int64_t(part);
                bytes += part;
                count -= part;
                if (body == 0) completed(isOver);
                continue;
            }
            head.push_back(*bytes++);
            count--;
            if (head.size() < 4 || head.compare(head.size() - 4, 4, "\r\n\r\n") != 0) continue;
            if (head.compare(0, 10, "HTTP/1.1 2") != 0) fail("the server answers: %s", head.c_str());
            size_t field = head.find("Content-Length: ");
            body = field == std::string::npos ? 0 : std::atoll(head.c_str() + field + 16);
            head.clear();
            if (body == 0) completed(isOver);
        }
    }

    // A frame, or an answer, is whole.
    void completed(bool isOver) {
        if (isText && text.find("\"ERROR\"") != std::string::npos) fail("the server answers: %s", text.c_str());
        if (isText && text.find("\"CONNECTED\"") != std::string::npos) return;
        switch (step) {
        case Step::starting:
            totals.starts.push_back(now() - begun);
            step = Step::sending;
            break;
        case Step::sending: fail("an answer where none was asked for: %s", text.c_str());
        case Step::stopping:
            totals.latencies.push_back(now() - stopped);
            totals.operations++;
            isBusy = false;
            break;
        case Step::deleting: isBusy = false; break;
        case Step::reading:
            if (got < wanted()) break;
            if (plan.mode == Mode::get) totals.latencies.push_back(now() - begun);
            done(isOver);
        }
    }

    void done(bool isOver) {
        totals.operations++;
        isBusy = false;
        if (!isOver) begin(id);
    }
};

// Waits for sockets, and lets their lines go on.
class Loop {
public:
    explicit Loop(const Plan &plan) : plan(plan), events(epoll_create1(EPOLL_CLOEXEC)), buffer(256 << 10), ready(256) {}

    std::vector<std::unique_ptr<Line>> lines;
    int64_t peak = 0;

    void add(std::unique_ptr<Line> line) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = line.get();
        epoll_ctl(events, EPOLL_CTL_ADD, line->fd, &event);
        lines.push_back(std::move(line));
    }

    // Runs until no line is busy; from `end` on, none begins anything new.
    void run(int64_t end) {
        for (auto &line : lines) watch(line.get(), false);
        while (isBusy()) {
            int64_t time = now();
            if (time >= nextLook) {
                peak = std::max(peak, use(plan.pids).anonymous);
                nextLook = time + 50'000'000;
            }
            int count = epoll_wait(events, ready.data(), int(ready.size()), 10);
            for (int index = 0; index < count; index++) {
                Line *line = static_cast<Line *>(ready[size_t(index)].data.ptr);
                bool wanted = line->wantsWrite;
                if (ready[size_t(index)].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                    line->readable(buffer.data(), buffer.size(), time >= end);
                else if (ready[size_t(index)].events & EPOLLOUT)
                    line->write();
                watch(line, wanted);
            }
        }
        for (auto &line : lines) watch(line.get(), true);
    }

private:
    const Plan &plan;
    int events;
    std::vector<char> buffer;
    std::vector<epoll_event> ready;
    int64_t nextLook = 0;

    bool isBusy() const {
        return std::any_of(lines.begin(), lines.end(), [](auto &line) { return line->isBusy; });
    }

    // Room is asked for only as long as a line waits for it.
    void watch(Line *line, bool wanted) {
        if (line->wantsWrite == wanted) return;
        epoll_event event{};
        event.events = EPOLLIN | (line->wantsWrite ? uint32_t(EPOLLOUT) : 0);
        event.data.ptr = line;
        epoll_ctl(events, EPOLL_CTL_MOD, line->fd, &event);
    }
};

// What was measured, and what it took.
struct Measured {
    Totals totals;
    double seconds = 0, cpu = 0, own = 0;
};

// Runs something and adds what it took.
template <typename Body>
void measure(Measured &measured, const Plan &plan, Totals &totals, Body body) {
    totals = Totals();
    int64_t start = now();
    double cpu = use(plan.pids).seconds, own = ownSeconds();
    body();
    measured.cpu += use(plan.pids).seconds - cpu;
    measured.own += ownSeconds() - own;
    measured.seconds += double(now() - start) / 1e9;
    measured.totals.bytes += totals.bytes;
    measured.totals.operations += totals.operations;
    auto append = [](std::vector<int64_t> &all, const std::vector<int64_t> &more) {
        all.insert(all.end(), more.begin(), more.end());
    };
    append(measured.totals.latencies, totals.latencies);
    append(measured.totals.starts, totals.starts);
}

double microseconds(const std::vector<int64_t> &times, double share) {
    if (times.empty()) return 0;
    size_t index = std::min(times.size() - 1, size_t(share * double(times.size())));
    return double(times[index]) / 1e3;
}

void usage() {
    fail("usage: load (ws|http)://ADDRESS:PORT/PATH (upload|download|whole|get) [--connections N] [--seconds S] "
         "[--warm-up S] [--size BYTES] [--chunk BYTES] [--depth N] [--pid PID]...");
}

Plan parse(int count, char **words) {
    if (count < 3) usage();
    Plan plan;
    std::string url = words[1];
    if (url.compare(0, 7, "http://") == 0) plan.isHTTP = true;
    else if (url.compare(0, 5, "ws://") != 0) usage();
    url = url.substr(url.find("//") + 2);
    size_t slash = std::min(url.find('/'), url.size()), colon = url.find(':');
    if (colon == std::string::npos || colon > slash) usage();
    plan.host = url.substr(0, colon);
    plan.port = uint16_t(std::atoi(url.c_str() + colon + 1));
    plan.path = slash < url.size() ? url.substr(slash) : "/";
    plan.modeName = words[2];
    if (plan.modeName == "upload") plan.mode = Mode::upload;
    else if (plan.modeName == "download") plan.mode = Mode::download;
    else if (plan.modeName == "whole") plan.mode = Mode::whole;
    else if (plan.modeName == "get") plan.mode = Mode::get;
    else usage();
    for (int index = 3; index + 1 < count; index += 2) {
        std::string option = words[index];
        const char *value = words[index + 1];
        if (option == "--connections") plan.connections = std::atoi(value);
        else if (option == "--seconds") plan.seconds = std::atof(value);
        else if (option == "--warm-up") plan.warmUp = std::atof(value);
        else if (option == "--size") plan.size = std::atoll(value);
        else if (option == "--chunk") plan.chunk = std::atoll(value);
        else if (option == "--depth") plan.depth = std::atoi(value);
        else if (option == "--pid") plan.pids.push_back(std::atoi(value));
        else usage();
    }
    if (plan.connections < 1 || plan.chunk < 1 || plan.depth < 1 || count % 2 == 0) usage();
    // All streams together take no more than half a gigabyte.
    if (plan.size == 0) plan.size = std::min<int64_t>(256 << 20, (512 << 20) / plan.connections);
    plan.size = std::max(plan.chunk, plan.size / plan.chunk * plan.chunk);
    return plan;
}

}  // namespace

int main(int count, char **words) {
    Plan plan = parse(count, words);
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    Prepared prepared(plan);
    Totals totals;
    Measured measured;
    int64_t anonymousBefore = use(plan.pids).anonymous;
    Loop loop(plan);
    for (int number = 0; number < plan.connections; number++) {
        auto line = std::make_unique<Line>(plan, prepared, totals, number);
        line->connect();
        loop.add(std::move(line));
    }
    std::string shared = "bench-" + std::to_string(getpid()) + "-shared";
    auto all = [&](auto body) {
        for (auto &line : loop.lines) body(*line);
    };
    int64_t begin = now() + int64_t(plan.warmUp * 1e9), end = begin + int64_t(plan.seconds * 1e9);
    if (plan.mode == Mode::upload) {
        bool isWarm = false;
        while (now() < end || measured.totals.operations == 0) {
            // The first round of all is one to warm up, however long it takes.
            Measured warming;
            Measured &target = isWarm ? measured : warming;
            measure(target, plan, totals, [&] {
                all([&](Line &line) { line.begin(shared); });
                loop.run(0);
            });
            all([](Line &line) { line.removeUploaded(); });
            loop.run(0);
            if (now() >= begin) isWarm = true;
        }
    } else {
        loop.lines.front()->store(shared);
        all([&](Line &line) { line.begin(shared); });
        loop.run(begin);
        measure(measured, plan, totals, [&] {
            all([&](Line &line) { line.begin(shared); });
            loop.run(std::max(end, now() + int64_t(plan.seconds * 1e9)));
        });
        loop.lines.front()->remove(shared);
    }
    auto sorted = [](std::vector<int64_t> &times) { std::sort(times.begin(), times.end()); };
    sorted(measured.totals.latencies);
    sorted(measured.totals.starts);
    double gigabytes = double(measured.totals.bytes) / 1e9;
    std::printf(
        "{\"mode\":\"%s\",\"connections\":%d,\"streamBytes\":%" PRId64 ",\"chunkBytes\":%" PRId64
        ",\"seconds\":%.3f,\"bytes\":%" PRId64 ",\"operations\":%" PRId64 ",\"gigabytesPerSecond\":%.4f,"
        "\"cpuSecondsPerGigabyte\":%.4f,\"clientCPUSecondsPerGigabyte\":%.4f,\"anonymousBytesBefore\":%" PRId64
        ",\"anonymousBytesPeak\":%" PRId64 "",
        plan.modeName.c_str(), plan.connections, plan.size, plan.chunk, measured.seconds, measured.totals.bytes,
        measured.totals.operations, measured.seconds > 0 ? gigabytes / measured.seconds : 0,
        gigabytes > 0 ? measured.cpu / gigabytes : 0, gigabytes > 0 ? measured.own / gigabytes : 0, anonymousBefore,
        std::max(loop.peak, anonymousBefore));
    auto print = [](const char *name, const std::vector<int64_t> &times) {
        if (times.empty()) return;
        std::printf(
            ",\"%s\":{\"count\":%zu,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"maximum\":%.1f}", name, times.size(),
            microseconds(times, 0.5), microseconds(times, 0.99), microseconds(times, 0.999), microseconds(times, 1));
    };
    print("startMicroseconds", measured.totals.starts);
    print(plan.mode == Mode::upload ? "stopMicroseconds" : "getMicroseconds", measured.totals.latencies);
    std::printf("}\n");
    return 0;
}
