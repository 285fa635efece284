#include "server/http/routes.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace gatepost::server::http {
namespace {

Routes routes(std::string token, std::vector<std::string> reasons = {}) {
    Sources sources;
    sources.reasons_not_ready = [reasons] {
        return reasons;
    };
    sources.metrics = [] {
        return MetricsSnapshot();
    };
    Routes made = make_routes(std::move(sources), std::move(token), "mx1.example.com");
    made.paths["/broken"] = {[]() -> Response { throw std::runtime_error("a bug"); }, false};
    return made;
}

struct Case {
    const char* method;
    const char* target;
    const char* authorization;
    unsigned status;
    const char* section;
};

TEST(HttpRoutes, WithoutToken) {
    const Routes open = routes("");
    for (const Case& c : {
             Case{"GET", "/healthz", "", 200, "PRODUCT: HTTP"},
             Case{"GET", "/readyz", "", 200, "PRODUCT: HTTP"},
             Case{"GET", "/metrics", "", 200, "PRODUCT: HTTP"},
             Case{"GET", "/stats", "", 200, "PRODUCT: HTTP"},
             Case{"GET", "/stats?pretty=1", "", 200, "RFC 9112 §3.2.1: the query is no part of the path"},
             Case{"GET", "http://mx1.example.com/stats", "", 200, "RFC 9112 §3.2.2: absolute-form"},
             Case{"GET", "HTTP://mx1.example.com", "", 404, "RFC 9112 §3.2.2: its empty path is /"},
             Case{"GET", "/", "", 404, "RFC 9110 §15.5.5"},
             Case{"GET", "/stats/", "", 404, "paths are exact"},
             Case{"GET", "/STATS", "", 404, "RFC 9110 §4.2.3: paths have case"},
             Case{"GET", "/%73tats", "", 404, "paths are exact"},
             Case{"GET", "/../etc/passwd", "", 404, "no files are served"},
             Case{"GET", "", "", 400, "no path"},
             Case{"GET", "*", "", 400, "RFC 9112 §3.2.4: OPTIONS alone"},
             Case{"GET", "mx1.example.com:25", "", 400, "RFC 9112 §3.2.3: CONNECT alone"},
             Case{"GET", "/broken", "", 500, "a bug in a handler"},
             Case{"POST", "/stats", "", 405, "RFC 9110 §15.5.6"},
             Case{"HEAD", "/healthz", "", 200, "RFC 9110 §9.3.2"},
             Case{"HEAD", "/nowhere", "", 404, "RFC 9110 §9.3.2"},
             Case{"head", "/healthz", "", 405, "RFC 9110 §9.1: methods have case"},
             Case{"OPTIONS", "*", "", 405, "RFC 9110 §15.5.6"},
             Case{"PUT", "/nowhere", "", 405, "the method is looked at first"},
             Case{"get", "/healthz", "", 405, "RFC 9110 §9.1: methods have case"},
             Case{"", "/healthz", "", 405, "RFC 9110 §15.5.6"},
         })
        EXPECT_EQ(answer(open, {c.method, c.target, c.authorization}).status, c.status)
            << c.method << " " << c.target << ": " << c.section;
}

TEST(HttpRoutes, WithToken) {
    const Routes guarded = routes("s3cret");
    for (const Case& c : {
             Case{"GET", "/healthz", "", 200, "open to probes"},
             Case{"GET", "/stats", "", 401, "RFC 6750 §3"},
             Case{"GET", "/readyz", "", 401, "RFC 6750 §3"},
             Case{"GET", "/nowhere", "", 401, "which paths there are is not told"},
             Case{"GET", "/stats", "Bearer s3cret", 200, "RFC 6750 §2.1"},
             Case{"GET", "/stats", "bEARER  s3cret", 200, "RFC 9110 §11.1: schemes have no case"},
             Case{"GET", "/nowhere", "Bearer s3cret", 404, ""},
             Case{"GET", "/stats", "Bearer s3cre", 401, "a part of it"},
             Case{"GET", "/stats", "Bearer s3crets3cret", 401, "twice"},
             Case{"GET", "/stats", "Bearer S3CRET", 401, "tokens have case"},
             Case{"GET", "/stats", "Bearer ", 401, "empty"},
             Case{"GET", "/stats", "Bearer", 401, "no token"},
             Case{"GET", "/stats", "Basic s3cret", 401, "another scheme"},
             Case{"GET", "/stats", "s3cret", 401, "no scheme"},
             Case{"HEAD", "/stats", "", 401, "RFC 9110 §9.3.2: as GET"},
             Case{"HEAD", "/stats", "Bearer s3cret", 200, "RFC 9110 §9.3.2: as GET"},
             Case{"DELETE", "/stats", "", 405, ""},
         })
        EXPECT_EQ(answer(guarded, {c.method, c.target, c.authorization}).status, c.status)
            << c.target << " with \"" << c.authorization << "\": " << c.section;
}

TEST(HttpRoutes, NamesWhatItWants) {
    using Fields = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(answer(routes("t"), {"PUT", "/stats", ""}).fields, (Fields{{"Allow", "GET, HEAD"}}));
    EXPECT_EQ(answer(routes("t"), {"GET", "/stats", ""}).fields, (Fields{{"WWW-Authenticate", "Bearer"}}));
}

TEST(HttpRoutes, ReadyTellsTheReasons) {
    const Response ready = answer(routes(""), {"GET", "/readyz", ""});
    EXPECT_EQ(ready.body, R"({"ready":true,"reasons":[]})");
    const Response not_ready = answer(routes("", {"dns does not answer", "a \"b\""}), {"GET", "/readyz", ""});
    EXPECT_EQ(not_ready.status, 503u);
    EXPECT_EQ(not_ready.content_type, "application/json");
    EXPECT_EQ(not_ready.body, R"({"ready":false,"reasons":["dns does not answer","a \"b\""]})");
    Sources warned;
    warned.warnings = [] {
        return std::vector<std::string>{"look here"};
    };
    warned.reasons_not_ready = [] {
        return std::vector<std::string>();
    };
    const Response warning =
        answer(make_routes(std::move(warned), "", "mx1.example.com"), {"GET", "/readyz", ""});
    EXPECT_EQ(warning.status, 200u);
    EXPECT_EQ(warning.body, R"({"ready":true,"reasons":[],"warnings":["look here"]})");
}

TEST(HttpRoutes, ContentTypes) {
    EXPECT_EQ(answer(routes(""), {"GET", "/stats", ""}).content_type, "application/json");
    EXPECT_EQ(answer(routes(""), {"GET", "/metrics", ""}).content_type,
              "text/plain; version=0.0.4; charset=utf-8");
}

TEST(HttpRoutes, ComparesTokensWhole) {
    EXPECT_TRUE(same_token("abc", "abc"));
    for (const char* given : {"", "a", "ab", "abcd", "abd", "xbc", "abcabc"})
        EXPECT_FALSE(same_token(given, "abc")) << given;
    EXPECT_FALSE(same_token("a", ""));
}

}  // namespace
}  // namespace gatepost::server::http
