// The values of RET, ENVID, NOTIFY and ORCPT (RFC 3461 §4, RFC 6533 §3).
#include "server/smtp/dsn.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace gatepost::server::smtp {
namespace {

using Case = std::pair<std::string, bool>;

TEST(Dsn, Ret) {
    for (const auto& [value, good] : {Case{"FULL", true}, Case{"hdrs", true}, Case{"", false},
                                      Case{"FULL,HDRS", false}, Case{"BODY", false}})
        EXPECT_EQ(is_ret(value), good) << value;
}

TEST(Dsn, Envid) {
    for (const auto& [value, good] : {
             Case{"QQ314159", true},
             Case{"a+2Bb+3D+20c", true},
             Case{std::string(100, 'x'), true},  // §4.4
             Case{std::string(101, 'x'), false},
             Case{"", false},
             Case{"a+2b", false},     // upper case, §4
             Case{"a+2", false},      // cut
             Case{"a=b", false},      // must be encoded
             Case{"a+0D+0A", false},  // stands for no printable ASCII
             Case{"a+00", false},
             Case{"a+C3+BC", false},
             Case{"\xc3\xbc", false},
         })
        EXPECT_EQ(is_envid(value), good) << value;
}

TEST(Dsn, Notify) {
    for (const auto& [value, good] : {
             Case{"NEVER", true},
             Case{"success", true},
             Case{"SUCCESS,FAILURE,DELAY", true},
             Case{"DELAY,DELAY", true},
             Case{"", false},
             Case{"NEVER,SUCCESS", false},  // §4.1 note a: by itself
             Case{"SUCCESS,NEVER", false},
             Case{"SUCCESS,", false},
             Case{",SUCCESS", false},
             Case{"SUCCESS;DELAY", false},
             Case{"ALWAYS", false},
         })
        EXPECT_EQ(is_notify(value), good) << value;
}

TEST(Dsn, Orcpt) {
    struct OrcptCase {
        std::string value;
        bool plain, smtputf8;
    };
    for (const auto& [value, plain, smtputf8] : {
             OrcptCase{"rfc822;Bob@Example.COM", true, true},
             OrcptCase{"rfc822;a+2Bb@example.com", true, true},
             OrcptCase{"x400;/C+3Dus+3B", true, true},
             OrcptCase{"x400;/C=us", false, false},
             OrcptCase{"rfc822;" + std::string(493, 'x'), true, true},  // §4.2: 500 in all
             OrcptCase{"rfc822;" + std::string(494, 'x'), false, false},
             OrcptCase{"rfc822;", false, false},
             OrcptCase{";a@example.com", false, false},
             OrcptCase{"a@example.com", false, false},
             OrcptCase{"rfc 822;a@example.com", false, false},
             OrcptCase{"rfc822;a+0A@example.com", false, false},
             OrcptCase{"rfc822;a+zz@example.com", false, false},
             // RFC 6533 §3: the second form only where octets above 127 may stand.
             OrcptCase{"utf-8;j\\x{FC}rgen@example.com", true, true},
             OrcptCase{"utf-8;j\xc3\xbcrgen@example.com", false, true},
             OrcptCase{"UTF-8;j\xc3\xbcrgen@example.com", false, true},
             OrcptCase{"rfc822;j\xc3\xbcrgen@example.com", false, false},
             OrcptCase{"utf-8;j\xfcrgen@example.com", false, false},
         }) {
        EXPECT_EQ(is_orcpt(value, false), plain) << value;
        EXPECT_EQ(is_orcpt(value, true), smtputf8) << value;
    }
}

}  // namespace
}  // namespace gatepost::server::smtp
