#include "server/cli/examine.hpp"

#include "server/judgement.hpp"
#include "server/projections.hpp"

#include "policy/decide.hpp"
#include "policy/dnsbl.hpp"

#include "auth/dnsbl/lookup.hpp"
#include "auth/results/authentication_results.hpp"

#include <utility>

namespace gatepost::server::cli {
namespace asio = boost::asio;
namespace {

policy::Refusal refusal_of(const smtp::Reply& reply) {
    return {reply.code(), reply.enhanced_code() ? reply.enhanced_code()->text() : "", reply.text()};
}

// A refusal for which nobody had to judge: of the envelope, or of a message that is broken or too large.
policy::Decision unjudged(policy::Refusal refusal) {
    const bool is_transient = refusal.code < 500;
    policy::Decision decision;
    decision.action = decision.judged = is_transient ? policy::Action::defer : policy::Action::reject;
    decision.disposition = is_transient ? policy::Disposition::none : policy::Disposition::reject;
    decision.reason = refusal.text;
    decision.refusal = std::move(refusal);
    return decision;
}

asio::awaitable<std::optional<policy::Listing>> ask_block_lists(asio::any_io_executor executor,
                                                                dns::Resolver& resolver,
                                                                const config::Config& config,
                                                                const dns::IpAddress& client) {
    const auto& lists = config.policy.dnsbl;
    const dns::QueryBudget budget{2 * lists.size(), std::chrono::steady_clock::now() + config.dns.timeout};
    auth::dnsbl::Lookup lookup(std::move(executor), resolver, client, lists, budget);
    co_await lookup.finish();
    co_return policy::add_up(lists, lookup.findings(), config.policy.dnsbl_threshold);
}

// As DATA would bring it; BDAT gives the same.
asio::awaitable<void> take_content(Judgement& judgement, smtp::ContentFraming& framing,
                                   std::string_view octets) {
    std::string content;
    framing.take(octets, content);
    framing.end(content);
    const std::string_view all = content;
    const std::size_t header = judgement.header_part(all);
    co_await judgement.add_header(all.substr(0, header));
    if (judgement.header()) judgement.add_body(all.substr(header));
    co_await judgement.end(framing);
}

void tell(Account& account, const Judgement& judgement, const policy::Facts& facts,
          const config::Config& config) {
    account.judged = true;
    account.evidence = judgement.evidence();
    account.decision = judgement.decision();
    account.arc_trusted =
        policy::trusted_sealer(account.evidence.arc, config.policy.trusted_sealers) != nullptr;
    const auth::results::TransactionIdentity identity{facts.client_ip, facts.helo, facts.mail_from};
    account.authentication_results = auth::results::authentication_results_value(
        config.authserv_id, identity, account.evidence, policy_note(account.decision, account.evidence));
}

}  // namespace

asio::awaitable<Account> examine(asio::any_io_executor executor, std::shared_ptr<dns::Resolver> resolver,
                                 std::shared_ptr<const config::Config> config, Submission mail,
                                 std::chrono::system_clock::time_point now) {
    Account account;
    account.judged = false;
    account.authserv_id = config->authserv_id;
    for (const SpokenRecipient& recipient : mail.spoken.recipients)
        account.recipients.push_back(
            {recipient.address, recipient.refusal ? reply_line(refusal_of(*recipient.refusal)) : ""});
    policy::Facts facts;
    facts.client_ip = mail.ip;
    facts.helo = mail.helo;
    facts.mail_from = mail.spoken.envelope.reverse_path.mailbox();
    facts.today = std::chrono::floor<std::chrono::days>(now);
    std::optional<policy::Refusal> refusal;
    if (mail.spoken.refusal) {
        refusal = refusal_of(*mail.spoken.refusal);
    } else {
        facts.listing = co_await ask_block_lists(executor, *resolver, *config, mail.ip);
        refusal = policy::refuse_listed_client(facts, config->policy);
    }
    if (!refusal) {
        Judgement judgement(executor, resolver, *config, facts);
        co_await judgement.begin(now, false);
        smtp::ContentFraming framing(config->limits.message_size, judgement.bare_newlines());
        co_await take_content(judgement, framing, mail.octets);
        if (!judgement.refusal()) judgement.decide(framing);
        refusal = judgement.refusal();
        if (judgement.is_judged()) tell(account, judgement, facts, *config);
    }
    if (!account.judged) account.decision = unjudged(std::move(*refusal));
    co_return account;
}

}  // namespace gatepost::server::cli
