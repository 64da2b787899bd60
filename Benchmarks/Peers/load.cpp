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
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "processes.hpp"
#include "websocket.hpp"

namespace {

enum class Mode { upload, download, whole, get };

struct Plan {
    Address server;
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
            if (plan.server.isHTTP) {
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
        fd = connectTo(plan.server);
        if (!plan.server.isHTTP) upgrade(fd, plan.server);
    }

    // What is read is uploaded first, over one line, while nothing is measured.
    void store(const std::string &name) {
        id = name;
        if (plan.server.isHTTP) {
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
        if (plan.server.isHTTP) {
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
            if (plan.server.isHTTP) {
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
        if (plan.server.isHTTP) out += "DELETE /" + id + " HTTP/1.1\r\nHost: x\r\n\r\n";
        else queueText("{\"type\":\"DELETE\",\"streamId\":\"" + id + "\"}");
        write();
    }

    void readable(char *buffer, size_t capacity, bool isOver) {
        for (int turn = 0; turn < 8 && fd >= 0; turn++) {
            ssize_t count = recv(fd, buffer, capacity, MSG_DONTWAIT);
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
            if (count <= 0) fail("the server hung up: %s", count == 0 ? "end of stream" : std::strerror(errno));
            if (plan.server.isHTTP) parseHTTP(buffer, size_t(count), isOver);
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
                if (!plan.server.isHTTP) queueText("{\"type\":\"STOP\",\"streamId\":\"" + id + "\"}");
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
    FrameReader frames;
    // Parsing HTTP: the head that is not whole, and how much of a body is still to come.
    std::string head;
    int64_t body = 0;

    void queueText(const std::string &json) { appendText(out, json); }

    void sendText(const std::string &json) {
        std::string frame;
        appendText(frame, json);
        sendAll(frame.data(), frame.size());
    }

    void sendAll(const char *bytes, size_t count) { ::sendAll(fd, bytes, count); }

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
            if (plan.server.isHTTP && plan.mode == Mode::whole) {
                std::snprintf(line, sizeof line, "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", id.c_str());
                out += line;
            } else if (plan.server.isHTTP) {
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
        bool isGreeting = false;
        frames.feed(
            bytes, count, [&](const char *, size_t part) { received(int64_t(part)); },
            [&](const std::string &json) {
                isGreeting = json.find("\"CONNECTED\"") != std::string::npos;
                if (!isGreeting && step == Step::sending) fail("an answer where none was asked for: %s", json.c_str());
            },
            [&](bool isText) {
                if (!isText || !isGreeting) completed(isOver);
            });
        out += frames.pongs;
        frames.pongs.clear();
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
        switch (step) {
        case Step::starting:
            totals.starts.push_back(now() - begun);
            step = Step::sending;
            break;
        case Step::sending: fail("an answer where none was asked for");
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

void usage() {
    fail("usage: load (ws|http)://ADDRESS:PORT/PATH (upload|download|whole|get) [--connections N] [--seconds S] "
         "[--warm-up S] [--size BYTES] [--chunk BYTES] [--depth N] [--pid PID]...");
}

Plan parse(int count, char **words) {
    if (count < 3) usage();
    Plan plan;
    if (!parseURL(words[1], plan.server)) usage();
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
    raiseDescriptorLimit();
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
    printTimes("startMicroseconds", measured.totals.starts);
    printTimes(plan.mode == Mode::upload ? "stopMicroseconds" : "getMicroseconds", measured.totals.latencies);
    std::printf("}\n");
    return 0;
}
