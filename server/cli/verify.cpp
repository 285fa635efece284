#include "server/cli/verify.hpp"

#include "server/cli/account.hpp"
#include "server/cli/check_config.hpp"
#include "server/cli/command_line.hpp"
#include "server/cli/message_file.hpp"
#include "server/cli/resolver.hpp"
#include "server/projections.hpp"
#include "server/stage_budget.hpp"

#include "config/address.hpp"
#include "config/config.hpp"

#include "policy/decide.hpp"

#include "auth/gather_evidence.hpp"
#include "auth/results/authentication_results.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>

#include <algorithm>
#include <exception>
#include <ostream>
#include <utility>

namespace gatepost::server::cli {
namespace {

using TimePoint = std::chrono::system_clock::time_point;

// Without a configuration: the defaults, under this machine's name.
config::Config default_config() {
    config::Config config;
    const auto name = config::parse_host_name(boost::asio::ip::host_name());
    config.hostname = name ? name->text() : "localhost";
    config.authserv_id = config.hostname;
    return config;
}

auth::Evidence gather(const VerifyOptions& options, const config::Config& config, const MessageFile& message,
                      TimePoint now) {
    boost::asio::io_context context;
    CommandResolver resolver(context.get_executor(), config.dns, options.dns);
    auth::EvidenceGatherer gatherer(context.get_executor(), resolver.get(), config.authentication,
                                    config.hostname);
    auth::Sender sender;
    sender.client_ip = options.ip;
    sender.helo = options.helo;
    sender.mail_from = options.mail_from;
    auth::HeaderBlockPtr header =
        auth::HeaderBlock::parse(std::string(message.header()), config.limits.header_fields);

    auth::Evidence evidence;
    auto done = [&](std::exception_ptr error, auth::Evidence found) {
        if (error) std::rethrow_exception(error);
        evidence = std::move(found);
        context.stop();  // the resolver's connections stay open for further questions: there are none
    };
    auto gathering =
        gather_evidence(gatherer, std::move(sender), std::move(header), message.body(), now, stage_budget());
    boost::asio::co_spawn(context, std::move(gathering), done);
    context.run();
    return evidence;
}

Account judge(const VerifyOptions& options, const config::Config& config, auth::Evidence evidence,
              TimePoint now) {
    policy::Facts facts;
    facts.client_ip = options.ip;
    facts.helo = options.helo;
    facts.mail_from = options.mail_from;
    facts.today = std::chrono::floor<std::chrono::days>(now);

    Account account;
    account.authserv_id = config.authserv_id;
    account.decision = policy::decide(facts, evidence, config.policy);
    account.arc_trusted = policy::trusted_sealer(evidence.arc, config.policy.trusted_sealers) != nullptr;
    auth::results::TransactionIdentity identity;
    identity.client_ip = options.ip;
    identity.helo = options.helo;
    identity.mail_from = options.mail_from;
    account.authentication_results = auth::results::authentication_results_value(
        config.authserv_id, identity, evidence, policy_note(account.decision, evidence));
    account.evidence = std::move(evidence);
    return account;
}

// What the server would have said before it judged anything; for people, beside the account.
std::string notes(const VerifyOptions& options, const config::Config& config, const MessageFile& message) {
    std::string notes;
    if (message.converted)
        notes += "Note: every line ended in a bare LF; all became CRLF, as mail travels.\n";
    if (message.bare_cr_or_lf)
        notes += "Note: a CR or LF stands alone; the server refuses such data before it judges it.\n";
    for (const auto& recipient : options.rcpt_to) {
        const auto domain = config::parse_host_name(recipient.substr(recipient.rfind('@') + 1));
        const bool ours = domain && std::find(config.domains.begin(), config.domains.end(), *domain) !=
                                        config.domains.end();
        if (options.config && !ours)
            notes +=
                "Note: the server refuses the recipient " + printable(recipient) + ": not in `domains`.\n";
    }
    return notes;
}

}  // namespace

int verify(const VerifyOptions& options, TimePoint clock, std::istream& in, std::ostream& out,
           std::ostream& err) {
    const TimePoint now = options.at.value_or(clock);
    auto config = default_config();
    if (options.config) {
        auto loaded = load_config(*options.config, std::chrono::floor<std::chrono::days>(now), err);
        if (!loaded) return exit_usage;
        config = std::move(*loaded);
    }
    const auto message = read_message_file(options.message, config.limits.message_size, in, err);
    if (!message) return exit_failed;

    const Account account = judge(options, config, gather(options, config, *message, now), now);
    if (options.json)
        out << account_json(account) << '\n';
    else
        out << notes(options, config, *message) << account_text(account);
    return account.decision.action == policy::Action::accept ? exit_fine : exit_failed;
}

}  // namespace gatepost::server::cli
