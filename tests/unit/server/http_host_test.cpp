// DNS rebinding: what a request must be addressed to.
#include "server/http/host_check.hpp"
#include "server/http/routes.hpp"

#include <gtest/gtest.h>

namespace gatepost::server::http {
namespace {

TEST(HttpHost, is_our_own) {
    struct Case {
        const char* authority;
        bool want;
        const char* why;
    };
    for (const Case& c : {
             Case{"127.0.0.1:8025", true, "an address"},
             Case{"127.0.0.1", true, "port 80"},
             Case{"192.0.2.1:8025", true, "a forwarded port: no DNS answer makes an address another"},
             Case{"[::1]:8025", true, "RFC 3986 §3.2.2"},
             Case{"[::1]", true, ""},
             Case{"localhost:8025", true, "RFC 6761 §6.3"},
             Case{"LOCALHOST", true, "names have no case"},
             Case{"gatepost.localhost:8025", true, "RFC 6761 §6.3: names below it"},
             Case{"localhost.:8025", true, "the absolute name"},
             Case{"mx1.example.com:8025", true, "our hostname"},
             Case{"MX1.Example.Com", true, ""},
             Case{"mx1.example.com.:8025", true, ""},
             Case{"rebound.example:8025", false, "a stranger's name"},
             Case{"mx2.example.com", false, "not ours"},
             Case{"a.mx1.example.com", false, "below ours"},
             Case{"localhost.rebound.example", false, ""},
             Case{"notlocalhost", false, ""},
             Case{"127.0.0.1.rebound.example", false, "a name that looks like an address"},
             Case{"127.1", false, "no dotted quad"},
             Case{"2130706433", false, "likewise"},
             Case{"::1", false, "IPv6 without brackets"},
             Case{"[127.0.0.1", false, "no end"},
             Case{"[rebound.example]", false, "no address"},
             Case{"[::1]x", false, ""},
             Case{"localhost:x", false, "no port"},
             Case{"rebound.example:80@localhost", false, "userinfo"},
             Case{"", false, "nothing"},
         })
        EXPECT_EQ(is_own_host(c.authority, "mx1.example.com"), c.want) << c.authority << ": " << c.why;
    EXPECT_FALSE(is_own_host("", "")) << "no hostname is no name";
}

Request request(const char* target, const char* host, const char* authorization = "") {
    Request asked{"GET", target, authorization};
    asked.host = host;
    return asked;
}

TEST(HttpHost, is_asked_for_where_there_is_no_token) {
    Sources sources;
    sources.metrics = [] {
        return MetricsSnapshot();
    };
    const Routes open = make_routes(sources, "", "mx1.example.com");
    EXPECT_EQ(answer(open, request("/stats", "127.0.0.1:8025")).status, 200U);
    EXPECT_EQ(answer(open, request("/stats", "")).status, 200U) << "HTTP/1.0";
    EXPECT_EQ(answer(open, request("/stats", "rebound.example")).status, 421U);
    EXPECT_EQ(answer(open, request("/healthz", "rebound.example")).status, 421U);
    EXPECT_EQ(answer(open, request("/nowhere", "rebound.example")).status, 421U);
    // RFC 9112 §3.2.2: of an absolute-form target the Host field is not looked at.
    EXPECT_EQ(answer(open, request("http://rebound.example/stats", "localhost")).status, 421U);
    EXPECT_EQ(answer(open, request("http://localhost/stats", "rebound.example")).status, 200U);

    const Routes guarded = make_routes(sources, "s3cret", "mx1.example.com");
    EXPECT_EQ(answer(guarded, request("/stats", "gatepost:8025", "Bearer s3cret")).status, 200U)
        << "the name of a container or a service";
    EXPECT_EQ(answer(guarded, request("/healthz", "gatepost.mail.svc")).status, 200U) << "a probe by name";
    EXPECT_EQ(answer(guarded, request("/stats", "rebound.example")).status, 401U);
}

}  // namespace
}  // namespace gatepost::server::http
