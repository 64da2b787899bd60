// A WebSocket server as one would write it with a C++ library: websocketpp over Boost.Asio, the base protocol, a file for
// each stream. It is what the gateway is compared with, and does no more than the comparison needs: no limits, no digests,
// no live readers, no recovery. It writes and reads its files on the threads that serve the sockets.
//
//     websocketpp-server DIRECTORY [THREADS]
//
// It picks a free port on the loopback interface, and prints it.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

namespace {

// Nothing is logged, and frames of 16 MiB are taken, as by the gateway.
struct Configuration : websocketpp::config::asio {
    static const websocketpp::log::level elog_level = websocketpp::log::elevel::none;
    static const websocketpp::log::level alog_level = websocketpp::log::alevel::none;
    static const size_t connection_read_buffer_size = 65536;
    static const size_t max_message_size = 16 << 20;
};

typedef websocketpp::server<Configuration> Server;

std::string directory;

// The value of a member of a flat object; enough for messages that are known to be well-formed.
std::string member(const std::string &json, const char *name) {
    std::string key = "\"" + std::string(name) + "\"";
    size_t place = json.find(key);
    if (place == std::string::npos) return "";
    place = json.find(':', place + key.size()) + 1;
    while (json[place] == ' ') place++;
    if (json[place] == '"') return json.substr(place + 1, json.find('"', place + 1) - place - 1);
    return json.substr(place, json.find_first_of(",} ", place) - place);
}

// What one connection is doing.
class Session {
public:
    ~Session() {
        if (upload >= 0) close(upload);
        if (reading >= 0) close(reading);
    }

    void message(Server &server, websocketpp::connection_hdl line, Server::message_ptr message) {
        const std::string &payload = message->get_payload();
        if (message->get_opcode() == websocketpp::frame::opcode::binary) return append(server, line, payload);
        std::string type = member(payload, "type"), id = member(payload, "streamId");
        if (id.find('/') != std::string::npos) return say(server, line, "ERROR", id);
        std::string path = directory + "/" + id;
        if (type == "START") {
            upload = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            say(server, line, upload < 0 ? "ERROR" : "STARTED", id);
        } else if (type == "STOP") {
            if (upload >= 0) close(upload);
            upload = -1;
            say(server, line, "STOPPED", id);
        } else if (type == "GET") {
            get(server, line, id, path, std::atoll(member(payload, "offset").c_str()), std::atoll(member(payload, "length").c_str()));
        } else if (type == "DELETE") {
            say(server, line, unlink(path.c_str()) == 0 ? "DELETED" : "ERROR", id);
        } else {
            say(server, line, "ERROR", id);
        }
    }

private:
    int upload = -1;
    int reading = -1;
    std::string readingID;
    std::string buffer;

    void say(Server &server, websocketpp::connection_hdl line, const char *type, const std::string &id) {
        std::string json = std::string("{\"type\":\"") + type + "\",\"streamId\":\"" + id + "\",\"message\":\"" + type + "\"}";
        websocketpp::lib::error_code ignored;
        server.send(line, json, websocketpp::frame::opcode::text, ignored);
    }

    void append(Server &server, websocketpp::connection_hdl line, const std::string &payload) {
        size_t place = 0;
        while (place < payload.size()) {
            ssize_t count = write(upload, payload.data() + place, payload.size() - place);
            if (count < 0) return say(server, line, "ERROR", std::strerror(errno));
            place += size_t(count);
        }
    }

    void get(Server &server, websocketpp::connection_hdl line, const std::string &id, const std::string &path, long long offset, long long length) {
        if (readingID != id) {
            if (reading >= 0) close(reading);
            reading = open(path.c_str(), O_RDONLY | O_CLOEXEC);
            readingID = id;
        }
        if (length <= 0 || length > (16 << 20)) length = 65536;
        buffer.resize(size_t(length));
        ssize_t count = pread(reading, &buffer[0], buffer.size(), off_t(offset));
        if (count < 0) return say(server, line, "ERROR", id);
        websocketpp::lib::error_code ignored;
        server.send(line, buffer.data(), size_t(count), websocketpp::frame::opcode::binary, ignored);
    }
};

}  // namespace

int main(int count, char **words) {
    if (count < 2) {
        std::fprintf(stderr, "usage: websocketpp-server DIRECTORY [THREADS]\n");
        return 64;
    }
    directory = words[1];
    int threads = count > 2 ? std::atoi(words[2]) : int(std::thread::hardware_concurrency());
    signal(SIGPIPE, SIG_IGN);
    Server server;
    server.clear_access_channels(websocketpp::log::alevel::all);
    server.clear_error_channels(websocketpp::log::elevel::all);
    server.init_asio();
    server.set_reuse_addr(true);
    server.set_open_handler([&server](websocketpp::connection_hdl line) {
        // Messages of one connection come one after the other, so that nothing here needs a lock.
        auto session = std::make_shared<Session>();
        auto connection = server.get_con_from_hdl(line);
        boost::system::error_code ignored;
        connection->get_raw_socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
        connection->set_message_handler([&server, session](websocketpp::connection_hdl line, Server::message_ptr message) {
            session->message(server, line, message);
        });
    });
    server.listen(boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    boost::system::error_code error;
    std::printf("listening port=%d\n", int(server.get_local_endpoint(error).port()));
    std::fflush(stdout);
    server.start_accept();
    std::vector<std::thread> pool;
    for (int index = 1; index < threads; index++) pool.emplace_back([&server] { server.run(); });
    server.run();
    for (auto &thread : pool) thread.join();
    return 0;
}
