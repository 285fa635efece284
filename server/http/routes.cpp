#include "server/http/routes.hpp"

#include "server/http/host_check.hpp"
#include "server/http/prometheus_text.hpp"
#include "server/http/stats_json.hpp"

#include "dns/ascii.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <exception>
#include <utility>

namespace gatepost::server::http {
namespace {

namespace json = boost::json;

constexpr const char* json_content_type = "application/json";

Response text(unsigned status, std::string body) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

Response ready(const std::vector<std::string>& reasons, const std::vector<std::string>& warnings) {
    json::array list(reasons.begin(), reasons.end());
    Response response;
    response.status = reasons.empty() ? 200 : 503;
    response.content_type = json_content_type;
    json::object body{{"ready", reasons.empty()}, {"reasons", std::move(list)}};
    if (!warnings.empty()) body["warnings"] = json::array(warnings.begin(), warnings.end());
    response.body = json::serialize(body);
    return response;
}

// The path of a request target in origin-form, or in absolute-form, which a server must take
// (RFC 9112 §3.2.2); empty where it is neither.
std::string_view path_of(std::string_view target) {
    target = target.substr(0, target.find_first_of("?#"));
    if (target.starts_with('/')) return target;
    if (!ascii::equals_ignoring_case(target.substr(0, 7), "http://")) return {};
    target.remove_prefix(7);
    const std::size_t slash = target.find('/');
    return slash == std::string_view::npos ? "/" : target.substr(slash);
}

// The authority that a request is for: an absolute-form target's, whatever its Host field says
// (RFC 9112 §3.2.2); nothing in HTTP/1.0 without one, which no browser sends.
std::string_view authority_of(const Request& request) {
    std::string_view target = request.target;
    if (!ascii::equals_ignoring_case(target.substr(0, 7), "http://")) return request.host;
    target.remove_prefix(7);
    return target.substr(0, target.find_first_of("/?#"));
}

// With a token a page of a stranger gets nothing, as it does not have it. So names of containers and
// services, by which a scraper finds us over a network, are never looked at.
bool is_misdirected(const Routes& routes, const Request& request) {
    const std::string_view authority = authority_of(request);
    return routes.token.empty() && !authority.empty() && !is_own_host(authority, routes.hostname);
}

// RFC 6750 §2.1: "Bearer" SP token; the scheme without case (RFC 9110 §11.1).
bool has_token(std::string_view authorization, std::string_view token) {
    constexpr std::string_view scheme = "bearer ";
    if (!ascii::equals_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return false;
    authorization.remove_prefix(scheme.size());
    while (authorization.starts_with(' '))
        authorization.remove_prefix(1);
    return same_token(authorization, token);
}

}  // namespace

bool same_token(std::string_view given, std::string_view token) {
    // Volatile: every octet is looked at, whatever the compiler knows of the result. The loop runs over what
    // was given, so its time tells nothing of the token.
    volatile unsigned difference = given.size() == token.size() ? 0 : 1;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const char wanted = token.empty() ? '\0' : token[i % token.size()];
        difference = difference | static_cast<unsigned char>(given[i] ^ wanted);
    }
    return difference == 0;
}

Routes make_routes(Sources sources, std::string token, std::string hostname) {
    Routes routes;
    routes.hostname = std::move(hostname);
    routes.token = std::move(token);
    routes.paths["/healthz"] = {[] { return text(200, "ok\n"); }, true};
    routes.paths["/readyz"] = {
        [reasons = std::move(sources.reasons_not_ready), warnings = std::move(sources.warnings)] {
            return ready(reasons(), warnings ? warnings() : std::vector<std::string>());
        },
        false};
    routes.paths["/metrics"] = {[metrics = sources.metrics] {
                                    Response response = text(200, prometheus_text(metrics()));
                                    response.content_type = prometheus_content_type;
                                    return response;
                                },
                                false};
    routes.paths["/stats"] = {[metrics = sources.metrics] {
                                  Response response = text(200, stats_json(metrics()));
                                  response.content_type = json_content_type;
                                  return response;
                              },
                              false};
    return routes;
}

Response answer(const Routes& routes, const Request& request) {
    // RFC 9110 §9.3.2: HEAD is answered as GET is; who writes the response leaves its content out.
    if (request.method != "GET" && request.method != "HEAD") {
        Response response = text(405, "only GET and HEAD are answered\n");
        response.fields.emplace_back("Allow", "GET, HEAD");
        return response;
    }
    if (is_misdirected(routes, request))
        return text(
            421,
            "not a name of this server: use its address, localhost or its hostname, or give it a token\n");
    const std::string_view path = path_of(request.target);
    if (path.empty()) return text(400, "not a path\n");
    const auto route = routes.paths.find(std::string(path));
    const bool open = route != routes.paths.end() && route->second.open;
    // Before 404: a stranger does not learn which paths there are.
    if (!open && !routes.token.empty() && !has_token(request.authorization, routes.token)) {
        Response response = text(401, "a bearer token is needed\n");
        response.fields.emplace_back("WWW-Authenticate", "Bearer");
        return response;
    }
    if (route == routes.paths.end()) return text(404, "no such path\n");
    try {
        return route->second.handler();
    } catch (const std::exception&) {
        return text(500, "internal error\n");
    }
}

}  // namespace gatepost::server::http
