// The same octets from the same client to a transaction of the server and to `gatepost verify`.
#pragma once

#include "tests/support/transaction_fixture.hpp"

#include "server/cli/account.hpp"
#include "server/cli/examine.hpp"
#include "server/cli/message_file.hpp"

#include "auth/message/header_block.hpp"

#include <memory>
#include <string>
#include <utility>

namespace gatepost::tests {

class VerifyAndServe : public TransactionFixture {
  protected:
    server::cli::Account verify(std::string_view octets, const char* client) {
        server::cli::Submission mail;
        mail.ip = dns::IpAddress::parse(client).value();
        mail.helo = "helo.sender.example";
        mail.spoken.envelope = envelope_;
        mail.octets = octets;
        std::shared_ptr<dns::Resolver> resolver(std::shared_ptr<void>(), &zone_);
        auto config = std::make_shared<const config::Config>(config_);
        return run(context_,
                   server::cli::examine(context_.get_executor(), std::move(resolver), std::move(config),
                                        std::move(mail), std::chrono::system_clock::now()));
    }

    // `file` as it lies on disk.
    void expect_same(std::string file, const std::string& what, const char* client = "192.0.2.1") {
        const std::string octets = server::cli::make_message_file(std::move(file)).octets;
        const server::cli::Account account = verify(octets, client);
        const Outcome served = submit(octets, client);
        ASSERT_TRUE(served.reply) << what;
        if (!served.reply->is_positive()) {
            ASSERT_TRUE(account.decision.refusal) << what << ": the server says " << served.reply->text();
            EXPECT_EQ(server::cli::reply_line(*account.decision.refusal), without_id(*served.reply)) << what;
            EXPECT_EQ(account.decision.action,
                      served.reply->is_transient_failure() ? policy::Action::defer : policy::Action::reject)
                << what;
            return;
        }
        EXPECT_FALSE(account.decision.refusal) << what << ": verify says " << account.decision.refusal->text;
        const auto header = auth::HeaderBlock::parse(served.header, 100'000);
        const auto* results = header->find("Authentication-Results");
        ASSERT_NE(results, nullptr) << what;
        EXPECT_EQ(unfolded(account.authentication_results), unfolded(auth::unfold(results->value))) << what;
        // Ours stands above the client's fields, whose own are taken out.
        const auto* quarantine = header->find("X-Quarantine");
        EXPECT_EQ(account.decision.action, quarantine ? policy::Action::quarantine : policy::Action::accept)
            << what;
        if (quarantine) {
            EXPECT_NE(unfolded(quarantine->value).find(unfolded(account.decision.reason)), std::string::npos)
                << what;
        }
    }

  private:
    // "550 5.6.0 text", without " (host id)" behind it.
    static std::string without_id(const smtp::Reply& reply) {
        const std::string text = reply.text();
        const std::string id = " (mx.example.org s-1)";
        EXPECT_TRUE(text.ends_with(id)) << text;
        return std::to_string(reply.code()) + " " + reply.enhanced_code().value().text() + " " +
               text.substr(0, text.size() - id.size());
    }
    static std::string unfolded(std::string_view text) {
        std::string out;
        for (const char c : text)
            if (c != ' ' && c != '\t' && c != '\r' && c != '\n') out += c;
        return out;
    }
};

}  // namespace gatepost::tests
