// Which path answers what (PRODUCT.md, HTTP), as a function from request to response without a socket.
#pragma once

#include "server/metrics.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::http {

struct Request {
    std::string method;
    std::string target;         // as on the request line: a path or a whole URI, perhaps with a query
    std::string authorization;  // the field's value; empty where absent
    std::string host{};         // likewise
};

struct Response {
    unsigned status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    std::vector<std::pair<std::string, std::string>> fields{};  // further header fields
};

struct Routes {
    struct Route {
        std::function<Response()> handler;  // on the HTTP server's thread; must not block
        bool open = false;                  // answered without the token
    };
    std::string token;                   // empty: everything is open, but to names of others (`hostname`)
    std::string hostname;                // ours, as requests without a token may name us (host_check.hpp)
    std::map<std::string, Route> paths;  // by exact path
};

// What the endpoint is fed from, by functions that any thread may call and that do not block.
struct Sources {
    std::function<std::vector<std::string>()> reasons_not_ready;  // none: ready
    std::function<std::vector<std::string>()> warnings;           // told beside them; may be absent
    std::function<MetricsSnapshot()> metrics;
};

// /healthz, /readyz, /metrics and /stats.
Routes make_routes(Sources sources, std::string token, std::string hostname);

// 200 or what the handler says; 400, 401 (RFC 6750 §3), 404, 405, 421 (RFC 9110 §15.5.20) otherwise; 500
// where a handler threw.
Response answer(const Routes& routes, const Request& request);

// Compares in a time that does not tell how much of the token was right.
bool same_token(std::string_view given, std::string_view token);

}  // namespace gatepost::server::http
