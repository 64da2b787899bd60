// Time, the end of a measurement that failed, and what processes use.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <vector>

#include <sys/resource.h>

namespace {

[[noreturn]] void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::fprintf(stderr, "%s: ", program_invocation_short_name);
    std::vfprintf(stderr, format, arguments);
    std::fputc('\n', stderr);
    va_end(arguments);
    std::exit(1);
}

// Nanoseconds of the system's uptime.
int64_t now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

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

// As many files may be open as the system lets this process have.
void raiseDescriptorLimit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// The time, in microseconds, that a share of all sorted times does not exceed.
double microseconds(const std::vector<int64_t> &times, double share) {
    if (times.empty()) return 0;
    size_t index = std::min(times.size() - 1, size_t(share * double(times.size())));
    return double(times[index]) / 1e3;
}

// One more member of a JSON object: how long things took.
void printTimes(const char *name, std::vector<int64_t> &times) {
    if (times.empty()) return;
    std::sort(times.begin(), times.end());
    std::printf(
        ",\"%s\":{\"count\":%zu,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"maximum\":%.1f}", name, times.size(),
        microseconds(times, 0.5), microseconds(times, 0.99), microseconds(times, 0.999), microseconds(times, 1));
}

}  // namespace
