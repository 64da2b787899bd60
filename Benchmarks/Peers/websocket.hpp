// As much of a WebSocket client as a load generator needs (RFC 6455): connecting, the handshake, masked frames.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "processes.hpp"

namespace {

std::mt19937 generator{std::random_device{}()};

// A server's address.
struct Address {
    bool isHTTP = false;
    std::string host;
    uint16_t port = 0;
    std::string path;
};

// - Returns: Whether the URL is one of ws: or http: with an address and a port.
bool parseURL(std::string url, Address &address) {
    if (url.compare(0, 7, "http://") == 0) address.isHTTP = true;
    else if (url.compare(0, 5, "ws://") != 0) return false;
    url = url.substr(url.find("//") + 2);
    size_t slash = std::min(url.find('/'), url.size()), colon = url.find(':');
    if (colon == std::string::npos || colon > slash) return false;
    address.host = url.substr(0, colon);
    address.port = uint16_t(std::atoi(url.c_str() + colon + 1));
    address.path = slash < url.size() ? url.substr(slash) : "/";
    return true;
}

void sendAll(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0) fail("send: %s", std::strerror(errno));
        bytes += sent;
        count -= size_t(sent);
    }
}

int connectTo(const Address &server) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket: %s", std::strerror(errno));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port);
    if (inet_pton(AF_INET, server.host.c_str(), &address.sin_addr) != 1) fail("%s is no address", server.host.c_str());
    if (connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        fail("connect to %s:%d: %s", server.host.c_str(), server.port, std::strerror(errno));
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

void upgrade(int fd, const Address &server) {
    std::string request = "GET " + server.path + " HTTP/1.1\r\nHost: " + server.host + ":" + std::to_string(server.port)
        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
          "Sec-WebSocket-Version: 13\r\n\r\n";
    sendAll(fd, request.data(), request.size());
    std::string answer;
    while (answer.find("\r\n\r\n") == std::string::npos) {
        char byte;
        if (recv(fd, &byte, 1, 0) != 1) fail("the handshake broke off after: %s", answer.c_str());
        answer.push_back(byte);
    }
    if (answer.compare(0, 12, "HTTP/1.1 101") != 0) fail("no upgrade: %s", answer.c_str());
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

void appendText(std::string &out, const std::string &json) {
    appendFrame(out, 1, json.data(), json.size(), uint32_t(generator()));
}

// Finds the frames in what a server sends, however it is cut.
class FrameReader {
public:
    // Answers to pings that came, as frames to be sent and taken from here (RFC 6455, 5.5.2).
    std::string pongs;

    // Calls `onBytes(bytes, count)` for what binary frames carry, as it comes, `onText(json)` for each text frame, and
    // `onEnd(isText)` at each frame's end.
    template <typename OnBytes, typename OnText, typename OnEnd>
    void feed(const char *bytes, size_t count, OnBytes onBytes, OnText onText, OnEnd onEnd) {
        while (count > 0) {
            if (body > 0) {
                size_t part = std::min(count, size_t(body));
                if (opcode == 2) onBytes(bytes, part);
                else text.append(bytes, part);
                body -= int64_t(part);
                bytes += part;
                count -= part;
                if (body == 0) ended(onText, onEnd);
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
            opcode = head[0] & 0x0F;
            if (opcode != 1 && opcode != 2 && opcode != 9) fail("a frame of opcode %d", opcode);
            head.clear();
            text.clear();
            if (body == 0) ended(onText, onEnd);
        }
    }

private:
    // The head that is not whole, and how much of a body is still to come.
    std::string head;
    int64_t body = 0;
    int opcode = 0;
    std::string text;

    template <typename OnText, typename OnEnd>
    void ended(OnText onText, OnEnd onEnd) {
        if (opcode == 9) return appendFrame(pongs, 10, text.data(), text.size(), uint32_t(generator()));
        if (opcode == 1) {
            if (text.find("\"ERROR\"") != std::string::npos) fail("the server answers: %s", text.c_str());
            onText(text);
        }
        onEnd(opcode == 1);
    }
};

}  // namespace
