// Live streams at the rate of audio: writers that each send a packet so often, and readers that follow them. What is
// measured is how long packets are under way, from being sent by the writer to having come to the reader.
//
//     live ws://127.0.0.1:8080/audio --streams 1000 --readers 1 --seconds 5 --warm-up 2 --pid 4711
//
// A packet that was sent while it was measured counts, however late it comes. One thread, epoll: it shares the machine
// with what it measures, and so takes as little of it as it can. Packets of different streams are due at moments spread
// evenly over an interval; those that fall due within `tick` microseconds are sent together, as a network card's
// interrupts would bring them. It prints one JSON object, with how late packets were sent (`lateMicroseconds`) beside how
// long they took. A failure ends it with status 1.
#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "processes.hpp"
#include "websocket.hpp"

namespace {

struct Plan {
    Address server;
    int streams = 100;
    int readers = 1;
    double seconds = 2;
    double warmUp = 0.5;
    int64_t packet = 640;       // Bytes: 20 ms of 16 kHz, 16 bits.
    int64_t interval = 20'000;  // Microseconds from one packet of a stream to its next.
    int64_t tick = 200;         // Microseconds that are one moment.
    std::vector<int> pids;
};

// What went by while it was measured.
struct Totals {
    int64_t begin = INT64_MAX, end = INT64_MAX;
    int64_t sent = 0;
    std::vector<int64_t> arrivals;
    std::vector<int64_t> lateness;
};

// One connection, which writes a stream or follows one.
class Line {
public:
    Line(const Plan &plan, Totals &totals, std::string id) : plan(plan), totals(totals), id(std::move(id)) {}

    int fd = -1;

    void connect() {
        fd = connectTo(plan.server);
        upgrade(fd, plan.server);
    }

    void command(const char *type) { sendText("{\"type\":\"" + std::string(type) + "\",\"streamId\":\"" + id + "\"}"); }

    void subscribe() { sendText("{\"type\":\"SUBSCRIBE\",\"streamId\":\"" + id + "\",\"offset\":0}"); }

    // A packet: the time at which it is sent, and filling.
    void sendPacket(std::string &payload, std::string &frame) {
        int64_t time = now();
        std::memcpy(payload.data(), &time, sizeof time);
        frame.clear();
        appendFrame(frame, 2, payload.data(), payload.size(), uint32_t(generator()));
        // The socket has room for seconds of audio; where it has none, waiting is what a microphone would do, too.
        sendAll(fd, frame.data(), frame.size());
    }

    // Reads what there is.
    void readable(char *buffer, size_t capacity) {
        ssize_t count = recv(fd, buffer, capacity, MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count <= 0) fail("the server hung up: %s", count == 0 ? "end of stream" : std::strerror(errno));
        came(buffer, size_t(count));
    }

    // Waits for an answer, while everything else stands still.
    void waitFor(const char *word) {
        std::vector<char> buffer(64 << 10);
        std::string quoted = "\"" + std::string(word) + "\"";
        while (last.find(quoted) == std::string::npos) {
            ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
            if (count <= 0) fail("no %s", word);
            came(buffer.data(), size_t(count));
        }
    }

    int64_t received() const { return packets; }

private:
    const Plan &plan;
    Totals &totals;
    std::string id;
    FrameReader frames;
    std::string last;
    // Where in a packet the next byte is, and the time in it as far as it has come.
    int64_t place = 0;
    char time[8];
    int64_t packets = 0;

    void sendText(const std::string &json) {
        std::string frame;
        appendText(frame, json);
        sendAll(fd, frame.data(), frame.size());
    }

    void came(const char *bytes, size_t count) {
        frames.feed(
            bytes, count, [&](const char *piece, size_t part) { audioCame(piece, part); },
            [&](const std::string &json) { last = json; }, [](bool) {});
        if (frames.pongs.empty()) return;
        sendAll(fd, frames.pongs.data(), frames.pongs.size());
        frames.pongs.clear();
    }

    void audioCame(const char *bytes, size_t count) {
        while (count > 0) {
            size_t part = std::min(count, size_t(place < 8 ? 8 - place : plan.packet - place));
            if (place < 8) std::memcpy(time + place, bytes, part);
            place += int64_t(part);
            bytes += part;
            count -= part;
            if (place < plan.packet) continue;
            place = 0;
            packets++;
            int64_t sent;
            std::memcpy(&sent, time, sizeof sent);
            if (sent >= totals.begin && sent < totals.end) totals.arrivals.push_back(now() - sent);
        }
    }
};

void usage() {
    fail("usage: live ws://ADDRESS:PORT/PATH [--streams N] [--readers N] [--seconds S] [--warm-up S] [--packet BYTES] "
         "[--interval MICROSECONDS] [--tick MICROSECONDS] [--pid PID]...");
}

Plan parse(int count, char **words) {
    Plan plan;
    if (count < 2 || count % 2 != 0 || !parseURL(words[1], plan.server) || plan.server.isHTTP) usage();
    for (int index = 2; index + 1 < count; index += 2) {
        std::string option = words[index];
        const char *value = words[index + 1];
        if (option == "--streams") plan.streams = std::atoi(value);
        else if (option == "--readers") plan.readers = std::atoi(value);
        else if (option == "--seconds") plan.seconds = std::atof(value);
        else if (option == "--warm-up") plan.warmUp = std::atof(value);
        else if (option == "--packet") plan.packet = std::atoll(value);
        else if (option == "--interval") plan.interval = std::atoll(value);
        else if (option == "--tick") plan.tick = std::atoll(value);
        else if (option == "--pid") plan.pids.push_back(std::atoi(value));
        else usage();
    }
    if (plan.streams < 1 || plan.readers < 1 || plan.packet < 9 || plan.interval < 1 || plan.tick < 0) usage();
    return plan;
}

}  // namespace

int main(int count, char **words) {
    Plan plan = parse(count, words);
    raiseDescriptorLimit();
    Totals totals;
    int64_t anonymousBefore = use(plan.pids).anonymous, anonymousPeak = anonymousBefore;
    std::vector<std::unique_ptr<Line>> writers, readers;
    int events = epoll_create1(EPOLL_CLOEXEC);
    auto open = [&](std::vector<std::unique_ptr<Line>> &lines, const std::string &id) {
        lines.push_back(std::make_unique<Line>(plan, totals, id));
        lines.back()->connect();
    };
    for (int number = 0; number < plan.streams; number++) {
        std::string id = "live-" + std::to_string(getpid()) + "-" + std::to_string(number);
        open(writers, id);
        writers.back()->command("START");
        writers.back()->waitFor("STARTED");
        for (int reader = 0; reader < plan.readers; reader++) {
            open(readers, id);
            readers.back()->subscribe();
            readers.back()->waitFor("SUBSCRIBED");
        }
    }
    auto watch = [&](Line *line) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = line;
        epoll_ctl(events, EPOLL_CTL_ADD, line->fd, &event);
    };
    for (auto &line : writers) watch(line.get());
    for (auto &line : readers) watch(line.get());

    std::string payload(size_t(plan.packet), 'Z'), frame;
    std::vector<char> buffer(256 << 10);
    std::vector<epoll_event> ready(512);
    auto wait = [&](int64_t nanoseconds) {
        timespec time{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
        // By nanoseconds: epoll_pwait2(2) would do as well, where there is one.
        pollfd some{events, POLLIN, 0};
        if (ppoll(&some, 1, &time, nullptr) < 0 && errno != EINTR) fail("ppoll: %s", std::strerror(errno));
        int found = epoll_wait(events, ready.data(), int(ready.size()), 0);
        if (found < 0 && errno != EINTR) fail("epoll_wait: %s", std::strerror(errno));
        for (int index = 0; index < found; index++)
            static_cast<Line *>(ready[size_t(index)].data.ptr)->readable(buffer.data(), buffer.size());
    };
    int64_t interval = plan.interval * 1'000, tick = std::max<int64_t>(plan.tick * 1'000, 1);
    int64_t start = now(), measuring = start + int64_t(plan.warmUp * 1e9), end = measuring + int64_t(plan.seconds * 1e9);
    int64_t packets = 0, nextLook = start;
    double cpu = 0, own = 0;
    // Packet `k` is stream `k % streams`'s, and due at `k` evenly spread moments.
    auto due = [&](int64_t number) {
        return start + number / plan.streams * interval + number % plan.streams * interval / plan.streams;
    };
    for (int64_t time = start; time < end; time = now()) {
        if (totals.begin == INT64_MAX && time >= measuring) {
            cpu = use(plan.pids).seconds;
            own = ownSeconds();
            totals.begin = now();
        }
        if (time >= nextLook) {
            anonymousPeak = std::max(anonymousPeak, use(plan.pids).anonymous);
            nextLook = time + 100'000'000;
        }
        // Not more than all streams once before readers have their turn: what is late is sent late.
        for (int turn = 0; turn < plan.streams && due(packets) <= time; turn++, packets++) {
            if (totals.begin != INT64_MAX) {
                totals.lateness.push_back(now() - due(packets));
                totals.sent++;
            }
            writers[size_t(packets % plan.streams)]->sendPacket(payload, frame);
        }
        int64_t moment = (std::max(due(packets), now()) / tick + 1) * tick;
        wait(std::max<int64_t>(0, std::min(moment, end) - now()));
    }
    if (totals.sent == 0) fail("the machine stood still for the whole time, or no packet was due: nothing was measured");
    totals.end = now();
    double seconds = double(totals.end - totals.begin) / 1e9;
    cpu = use(plan.pids).seconds - cpu;
    own = ownSeconds() - own;
    // Every packet has to come, be it late.
    for (int64_t limit = now() + 30'000'000'000;;) {
        bool isComplete = true;
        for (size_t index = 0; index < readers.size(); index++) {
            int64_t stream = int64_t(index) / plan.readers;
            int64_t sent = packets / plan.streams + (stream < packets % plan.streams ? 1 : 0);
            isComplete = isComplete && readers[index]->received() == sent;
        }
        if (isComplete) break;
        if (now() > limit) fail("not every packet has come within 30 s");
        wait(1'000'000);
    }
    for (auto &line : writers) {
        line->command("STOP");
        line->waitFor("STOPPED");
        line->command("DELETE");
        line->waitFor("DELETED");
    }
    std::printf(
        "{\"mode\":\"live\",\"streams\":%d,\"readers\":%d,\"packetBytes\":%" PRId64 ",\"intervalMicroseconds\":%" PRId64
        ",\"seconds\":%.3f,\"packets\":%" PRId64 ",\"cpuSeconds\":%.3f,\"clientCPUSeconds\":%.3f"
        ",\"anonymousBytesBefore\":%" PRId64 ",\"anonymousBytesPeak\":%" PRId64,
        plan.streams, plan.readers, plan.packet, plan.interval, seconds, totals.sent, cpu, own, anonymousBefore,
        anonymousPeak);
    printTimes("arrivalMicroseconds", totals.arrivals);
    printTimes("lateMicroseconds", totals.lateness);
    std::printf("}\n");
    return 0;
}
