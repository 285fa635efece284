// PRODUCT.md, verify: "run the very same pipeline". Messages that are refused for what they are, and the ways
// in which they are let in.
#include "tests/support/verify_and_serve.hpp"

#include <utility>
#include <vector>

namespace gatepost::server::cli {
namespace {

using namespace std::string_literals;

const std::string from = "From: a@sender.example\r\n";

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i)
        all += text;
    return all;
}

// What it is, and its octets as a file has them.
const std::vector<std::pair<std::string, std::string>> messages = {
    {"plain", from + "Subject: x\r\n\r\nhello\r\n"},
    {"of LF alone", "From: a@sender.example\nSubject: x\n\nhello\n"},
    {"empty", ""},
    {"empty line alone", "\r\n"},
    {"no header", "\r\nhello\r\n"},
    {"no body", from + "\r\n"},
    {"no empty line", from + "Subject: x\r\n"},
    {"partial last line", from + "\r\nhello"},
    {"partial header line", "From: a@sender.example"},
    {"CR at the end", from + "\r\nhello\r"},
    {"dots", from + "\r\n.\r\n..\r\n.hello\r\n"},
    {"NUL in the body", from + "\r\nhel\0lo\r\n"s},
    {"NUL in the header", "X: \0\r\n"s + from + "\r\n"},
    {"NUL in a file of LF", "X: \0\n"s + "From: a@sender.example\n\n"},
    {"bare CR", from + "\r\nhel\rlo\r\n"},
    {"bare LF", from + "\r\nhel\nlo\r\n"},
    {"bare CR in a file of LF", "From: a@sender.example\n\nhel\rlo\n"},
    {"bare LF in the header", "Subject: x\nX: y\r\n" + from + "\r\n"},
    {"LF CR", from + "\r\nhello\n\r\n"},
    {"101 Received fields", repeated("Received: y\r\n", 101) + from + "\r\n"},
    {"100 Received fields", repeated("Received: y\r\n", 100) + from + "\r\n"},
    {"header of 600 KiB", "X: " + std::string(600 * 1024, 'x') + "\r\n" + from + "\r\nhello\r\n"},
    {"1,001 fields", repeated("X: y\r\n", 1000) + from + "\r\nhello\r\n"},
    {"1,000 fields", repeated("X: y\r\n", 999) + from + "\r\nhello\r\n"},
    {"1,500 fields behind an odd name", "Bad Name: x\r\n" + repeated("X: y\r\n", 1500) +
                                            "Authentication-Results: mx.example.org; dmarc=pass\r\n" + from +
                                            "\r\nhello\r\n"},
    {"too large", from + "\r\n" + std::string(1'000'000, 'x') + "\r\n"},
    {"too large, of LF", "From: a@sender.example\n\n" + repeated("x\n", 500'000)},
    {"too large, and a NUL", from + "\r\n\0"s + std::string(1'000'000, 'x') + "\r\n"},
    {"line without a colon", from + "Subject: x\r\nnode1 is reachable again\r\n"},
    {"name without its colon", from + "X-Folded\r\n : y\r\n\r\nhello\r\n"},
    {"folded line on top", " folded\r\n" + from + "\r\nhello\r\n"},
    {"field without a name", ": x\r\n" + from + "\r\nhello\r\n"},
    {"mbox line on top", "From a@sender.example Mon Sep  1 10:00:00 2025\r\n" + from + "\r\nhello\r\n"},
    {"mbox line and a folded one", "From a Mon Sep  1 10:00:00 2025\r\n folded\r\n" + from + "\r\nhello\r\n"},
    {"two From fields", from + "From: b@other.example\r\n\r\nhello\r\n"},
    {"no From field", "Subject: x\r\n\r\nhello\r\n"},
    {"From without a domain", "From: root (Cron Daemon)\r\n\r\nhello\r\n"},
    {"From of nobody", "From: a@[192.0.2.1]\r\n\r\nhello\r\n"},
    {"octets above 127", "From: \xff <a@sender.example>\r\nSubject: \xc3\xbc\r\n\r\n\x80\xff\r\n"},
    {"long line", from + "\r\n" + std::string(5000, 'x') + "\r\n"},
    {"forged fields",
     "X-Quarantine: no\r\nAuthentication-Results: mx.example.org; spf=fail\r\n" + from + "\r\n"},
    {"broken signature", "DKIM-Signature: v=1; d=sender.example\r\n" + from + "\r\nhello\r\n"},
};

class VerifyAndServeTest : public tests::VerifyAndServe {
  protected:
    VerifyAndServeTest() { config_.limits.message_size = 900'000; }

    void expect_all_the_same(const std::string& way) {
        for (const auto& [what, file] : messages)
            for (const char* client : {"192.0.2.1", "192.0.2.9"})
                expect_same(file, what + ", " + way + ", " + client, client);
    }
};

TEST_F(VerifyAndServeTest, say_the_same_of_each_message) {
    expect_all_the_same("enforced");
    config_.policy.mode = policy::Mode::monitor;
    expect_all_the_same("monitored");
}

TEST_F(VerifyAndServeTest, say_the_same_where_more_is_let_in) {
    config_.policy.on_invalid_from = policy::OnInvalidFrom::quarantine;
    expect_all_the_same("quarantine");
    policy::Exemption exemption;
    exemption.id = "cron";
    exemption.when.client_ip = {*dns::IpNetwork::parse("192.0.2.1/32")};
    exemption.allow = {policy::Forgiven::missing_from_domain, policy::Forgiven::bare_newline};
    config_.policy.exemptions = {exemption};
    expect_all_the_same("exempted");
    // May be forgiven by the envelope, and is not: the author domain is another.
    config_.policy.exemptions[0].when.author_domain = {*policy::DomainPattern::parse("other.example")};
    expect_all_the_same("nearly exempted");
}

TEST_F(VerifyAndServeTest, say_the_same_of_a_listed_domain_and_of_trouble) {
    config_.policy.on_quarantine = policy::OnQuarantine::reject;
    expect_all_the_same("quarantine is refused");
    zone_.add_failure(tests::domain_name("_dmarc.other.example"), dns::RrType::txt, "SERVFAIL");
    expect_same("From: b@other.example\r\n\r\nhello\r\n", "trouble");
    config_.limits.header_size = 100;
    config_.limits.header_fields = 2;
    expect_all_the_same("narrow");
}

}  // namespace
}  // namespace gatepost::server::cli
