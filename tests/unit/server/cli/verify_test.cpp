// `gatepost verify` as a command: its arguments, its exit status and what it prints.
#include "server/cli/verify.hpp"

#include "tests/support/temporary_folder.hpp"

#include "server/cli/command_line.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

namespace gatepost::server::cli {
namespace {

class VerifyCommand : public testing::Test {
  protected:
    VerifyCommand() {
        std::ofstream(folder_.path() / "gatepost.yaml")
            << "hostname: mx.example.org\ndomains: [ours.example]\nrelay: {to: [127.0.0.1:25]}\n"
               "limits: {message_size: 1MiB}\ndns: {servers: [127.0.0.1:9], timeout: 1s}\n";
        options_.config = folder_.path() / "gatepost.yaml";
        options_.ip = dns::IpAddress::parse("192.0.2.1").value();
        options_.helo = "helo.sender.example";
        options_.mail_from = "a@sender.example";
        options_.rcpt_to = {"inbox@ours.example"};
    }

    int run(const std::string& file) {
        std::istringstream in(file);
        std::ostringstream out;
        std::ostringstream err;
        const int status = verify(options_, std::chrono::system_clock::now(), in, out, err);
        out_ = out.str();
        err_ = err.str();
        return status;
    }

    const tests::TemporaryFolder folder_;
    VerifyOptions options_;
    std::string out_;
    std::string err_;
};

const std::string message = "From: a@sender.example\nSubject: x\n\nhello\n";

// PRODUCT.md, `unqualified`: what the server takes of an own machine, and refuses from elsewhere.
TEST_F(VerifyCommand, completes_addresses_for_own_machines_alone) {
    std::ofstream(*options_.config, std::ios::app)
        << "policy: {own_networks: [192.0.2.0/24], unqualified_domain: ours.example}\n";
    options_.mail_from = "root";
    options_.rcpt_to = {"root"};
    run(message);
    EXPECT_EQ(err_.find("--mail-from"), std::string::npos) << err_;
    EXPECT_NE(out_.find("ours.example"), std::string::npos) << out_;
    options_.ip = dns::IpAddress::parse("198.51.100.1").value();
    EXPECT_EQ(run(message), 2);
    EXPECT_NE(err_.find("--mail-from \"root\""), std::string::npos) << err_;
}

TEST_F(VerifyCommand, ends_with_2_for_what_is_no_argument) {
    struct Case {
        std::string helo, mail_from, rcpt_to, error;
    };
    const std::vector<Case> cases = {
        {"a b", "a@b.example", "x@ours.example", "--helo \"a b\": "},
        {"a\r\nMAIL FROM:<>", "a@b.example", "x@ours.example", "--helo \"a??MAIL FROM:<>\": "},
        {"a\x01", "a@b.example", "x@ours.example", "--helo \"a?\": "},
        {"h.example", "not an address", "x@ours.example", "--mail-from \"not an address\": "},
        {"h.example", "a@b.example\n", "x@ours.example", "--mail-from \"a@b.example?\": "},
        {"h.example", "a@b.example", "not an address", "--rcpt-to \"not an address\": "},
        {"h.example", "a@b.example", "", "--rcpt-to \"\": "},
    };
    for (const Case& c : cases) {
        options_.helo = c.helo;
        options_.mail_from = c.mail_from;
        options_.rcpt_to = {c.rcpt_to};
        EXPECT_EQ(run(message), exit_usage) << c.error;
        EXPECT_TRUE(err_.starts_with("gatepost: " + c.error)) << err_;
        EXPECT_EQ(out_, "");
    }
}

TEST_F(VerifyCommand, answers_a_recipient_as_the_server_does) {
    options_.rcpt_to = {"x@elsewhere.example"};
    EXPECT_EQ(run(message), exit_failed);
    EXPECT_NE(out_.find("Decision        reject"), std::string::npos) << out_;
    EXPECT_NE(out_.find("Reply           550 5.7.1 Relay not permitted for elsewhere.example\n"),
              std::string::npos)
        << out_;
    options_.json = true;
    EXPECT_EQ(run(message), exit_failed);
    EXPECT_NE(out_.find(R"("reply":"550 5.7.1 Relay not permitted for elsewhere.example"},)"),
              std::string::npos)
        << out_;
    EXPECT_NE(out_.find(R"("spf":{"result":null,)"), std::string::npos) << out_;
    EXPECT_NE(out_.find(R"("authentication_results":null,)"), std::string::npos) << out_;
    // Some are taken: the message is judged for them.
    options_.rcpt_to = {"postmaster", "x@elsewhere.example"};
    run(message.substr(0, 5) + std::string(1, '\0') + message);
    EXPECT_NE(out_.find(R"("reply":"550 5.6.0 NUL in line 1)"), std::string::npos) << out_;
    EXPECT_NE(out_.find(R"("recipients":[{"address":"postmaster","reply":null},)"
                        R"({"address":"x@elsewhere.example","reply":"550 5.7.1 Relay not)"),
              std::string::npos)
        << out_;
    // Without a configuration no domain is ours, and none is refused.
    options_.config.reset();
    run(message.substr(0, 5) + std::string(1, '\0') + message);
    EXPECT_NE(out_.find(R"("address":"x@elsewhere.example","reply":null)"), std::string::npos) << out_;
}

TEST_F(VerifyCommand, refuses_what_is_too_large_as_the_server_does) {
    EXPECT_EQ(run(message + std::string(2'000'000, 'x')), exit_failed);
    EXPECT_NE(out_.find("Reply           552 5.3.4 message size exceeds the fixed limit\n"),
              std::string::npos)
        << out_;
    EXPECT_EQ(err_, "");
}

}  // namespace
}  // namespace gatepost::server::cli
