#include "auth/gather_evidence.hpp"

#include "auth/arc/validate_chain.hpp"
#include "auth/crypto/verification_budget.hpp"
#include "auth/dmarc/evaluate.hpp"
#include "auth/spf/check_host.hpp"

#include "dns/ascii.hpp"
#include "dns/idna.hpp"
#include "dns/known_answers.hpp"

#include <algorithm>
#include <list>
#include <optional>
#include <utility>

namespace gatepost::auth {
namespace asio = boost::asio;

struct EvidenceGatherer::State {
    State(std::shared_ptr<dns::Resolver> asked, AuthenticationOptions chosen, std::string receiver_name,
          dns::Turns own_turns)
        : resolver(std::move(asked)),
          turns(std::move(own_turns)),
          options(std::move(chosen)),
          receiver(std::move(receiver_name)),
          verifications(options.dkim.max_signatures) {}

    std::shared_ptr<dns::Resolver> resolver;
    dns::Turns turns;                                     // of whichever task runs
    std::list<dns::BudgetedResolver> budgets;             // one a stage
    const dns::BudgetedResolver* of_mail_from = nullptr;  // of these; null: SPF is not checked
    AuthenticationOptions options;
    std::string receiver;
    crypto::VerificationBudget verifications;
    dns::IdnaBudget names;
    Evidence evidence;
    std::optional<dkim::Verifier> verifier;
    std::optional<arc::Validator> validator;
    dmarc::Discovered discovered;

    template <typename Found, typename Ask>
    static asio::awaitable<void> find_out(std::shared_ptr<State> state, Found& out, dns::TaskGroup& tasks,
                                          dns::BudgetedResolver& stage, Ask ask);
    template <typename Found>
    static asio::awaitable<void> keep(std::shared_ptr<State> state, Found& out,
                                      asio::awaitable<Found> asking);
    static asio::awaitable<void> fetch_keys(std::shared_ptr<State> state, dns::Resolver& resolver);
    static asio::awaitable<void> fetch_seal_keys(std::shared_ptr<State> state, dns::Resolver& resolver);
    template <typename Reader>
    asio::awaitable<void> read(Reader& reader);
    asio::awaitable<void> verify();
};

// Puts into `out`, a part of the state, what `ask(resolver)` gives: at once where all answers are at hand and
// it takes no more than a slice of time, else by one of `tasks`. Never suspends.
template <typename Found, typename Ask>
asio::awaitable<void> EvidenceGatherer::State::find_out(std::shared_ptr<State> state, Found& out,
                                                        dns::TaskGroup& tasks, dns::BudgetedResolver& stage,
                                                        Ask ask) {
    dns::KnownAnswers at_hand(stage);
    Found found = co_await ask(at_hand);
    if (!at_hand.missed()) {
        out = std::move(found);
        co_return;
    }
    at_hand.give_back();
    tasks.start(keep(std::move(state), out, ask(stage)));
}

// A task keeps the state alive: it may outlive its owner by the turn in which it is cancelled.
template <typename Found>
asio::awaitable<void> EvidenceGatherer::State::keep(std::shared_ptr<State> state, Found& out,
                                                    asio::awaitable<Found> asking) {
    state->turns.begin();
    out = co_await std::move(asking);
}

asio::awaitable<void> EvidenceGatherer::State::fetch_keys(std::shared_ptr<State> state,
                                                          dns::Resolver& resolver) {
    state->turns.begin();
    co_await state->verifier->fetch_keys(resolver);
}

asio::awaitable<void> EvidenceGatherer::State::fetch_seal_keys(std::shared_ptr<State> state,
                                                               dns::Resolver& resolver) {
    state->turns.begin();
    co_await state->validator->fetch_keys(resolver);
}

// All of what `reader` has to read.
template <typename Reader>
asio::awaitable<void> EvidenceGatherer::State::read(Reader& reader) {
    do {
        if (turns.is_over()) co_await turns.next();
    } while (reader.read_next(names));
}

// RSA takes 25 to 160 us a signature, so that a message of ten takes more than a slice.
asio::awaitable<void> EvidenceGatherer::State::verify() {
    if (verifier) {
        while (verifier->judge_next(verifications))
            if (turns.is_over()) co_await turns.next();
        evidence.dkim = verifier->finish(verifications);
    }
    if (validator) {
        if (turns.is_over()) co_await turns.next();
        while (validator->judge_next(verifications))
            if (turns.is_over()) co_await turns.next();
        evidence.arc = validator->finish(verifications);
    }
}

namespace {

// What is told of a check as long as it has not been made. Those of HELO and of the client's name may never
// be: where DMARC passes nothing waits for them.
Reason why_not_evaluated(const Sender& sender) {
    return sender.client_hidden ? Reason("the client's address is hidden")
                                : Reason("nothing waits for it where DMARC passes");
}

void leave_out(spf::Check& check, const Sender& sender, const AuthenticationOptions& options) {
    check.evaluated = false;
    check.reason =
        options.spf_enabled ? why_not_evaluated(sender) : Reason("turned off (authentication.spf.enabled)");
}

}  // namespace

EvidenceGatherer::EvidenceGatherer(asio::any_io_executor executor, dns::Resolver& resolver,
                                   AuthenticationOptions options, std::string receiver, dns::Turns turns)
    // Shares nothing: the resolver is the caller's, and outlives us.
    : EvidenceGatherer(std::move(executor),
                       std::shared_ptr<dns::Resolver>(std::shared_ptr<void>(), &resolver), std::move(options),
                       std::move(receiver), std::move(turns)) {}

EvidenceGatherer::EvidenceGatherer(asio::any_io_executor executor, std::shared_ptr<dns::Resolver> resolver,
                                   AuthenticationOptions options, std::string receiver, dns::Turns turns)
    : executor_(executor),
      state_(std::make_shared<State>(std::move(resolver), std::move(options), std::move(receiver),
                                     std::move(turns))),
      verdict_tasks_(executor),
      side_tasks_(executor) {}

EvidenceGatherer::~EvidenceGatherer() = default;

dns::BudgetedResolver& EvidenceGatherer::within(dns::QueryBudget budget) {
    return state_->budgets.emplace_back(executor_, *state_->resolver, budget, &state_->turns);
}

asio::awaitable<void> EvidenceGatherer::begin(Sender sender, std::chrono::system_clock::time_point now,
                                              dns::QueryBudget budget) {
    state_->turns.begin();
    Evidence& evidence = state_->evidence;
    leave_out(evidence.spf, sender, state_->options);
    leave_out(evidence.spf_helo, sender, state_->options);
    evidence.spf_helo.scope = spf::Scope::helo;
    evidence.iprev.reason = why_not_evaluated(sender);
    if (sender.client_hidden) co_return;
    // Only SPF's time is ever final: the client's name is no part of the message's records.
    dns::QueryBudget first_time = budget;
    first_time.is_time_final = false;
    dns::BudgetedResolver& stage = within(first_time);
    const auto check_client_name = [client = sender.client_ip](dns::Resolver& resolver) {
        return iprev::check_iprev(client, resolver);
    };
    co_await State::find_out(state_, evidence.iprev, side_tasks_, stage, check_client_name);
    if (!state_->options.spf_enabled) co_return;
    const spf::Request request(sender.client_ip, sender.helo, sender.mail_from, state_->receiver, now);
    const auto check_mail_from = [&request, limits = state_->options.spf_limits](dns::Resolver& resolver) {
        return spf::check_mail_from(request, resolver, limits);
    };
    dns::BudgetedResolver& of_mail_from = budget.is_time_final ? within(budget) : stage;
    state_->of_mail_from = &of_mail_from;
    co_await State::find_out(state_, evidence.spf, verdict_tasks_, of_mail_from, check_mail_from);
    const auto check_helo = [&request, limits = state_->options.spf_limits](dns::Resolver& resolver) {
        return spf::check_helo(request, resolver, limits);
    };
    co_await State::find_out(state_, evidence.spf_helo, side_tasks_, stage, check_helo);
}

asio::awaitable<void> EvidenceGatherer::header(HeaderBlockPtr header,
                                               std::chrono::system_clock::time_point now) {
    state_->turns.begin();
    Evidence& evidence = state_->evidence;
    AuthorReader author(*header);
    co_await state_->read(author);
    evidence.author = author.finish();
    evidence.indirect_flow = find_indirect_flow(*header);
    state_->verifier.emplace(header, evidence.author.domain, state_->options.dkim, now);
    co_await state_->read(*state_->verifier);
    arc::ValidatorOptions arc_options;
    arc_options.minimum_rsa_bits = state_->options.dkim.minimum_rsa_bits;
    state_->validator.emplace(header, arc_options, now);
    co_await state_->read(*state_->validator);
}

asio::awaitable<void> EvidenceGatherer::look_up(dns::QueryBudget budget) {
    state_->turns.begin();
    dns::BudgetedResolver& stage = within(budget);
    const Evidence& evidence = state_->evidence;
    if (!state_->verifier->find_known_keys(stage)) verdict_tasks_.start(State::fetch_keys(state_, stage));
    if (evidence.author.domain) {
        const auto discover = [author = *evidence.author.domain,
                               method = state_->options.discovery](dns::Resolver& resolver) {
            return dmarc::discover(author, method, resolver);
        };
        co_await State::find_out(state_, state_->discovered, verdict_tasks_, stage, discover);
    }
    // With questions of their own: a chain of many domains must take none away from DMARC's.
    dns::BudgetedResolver& seal_stage = within(budget);
    if (!state_->validator->find_known_keys(seal_stage))
        verdict_tasks_.start(State::fetch_seal_keys(state_, seal_stage));
}

void EvidenceGatherer::body(std::string_view chunk) {
    state_->verifier->body(chunk);
    state_->validator->body(chunk);
}

asio::awaitable<Evidence> EvidenceGatherer::finish(dns::QueryBudget budget) {
    if (!verdict_tasks_.is_idle()) co_await verdict_tasks_.join();
    state_->turns.begin();
    Evidence& evidence = state_->evidence;
    co_await state_->verify();
    if (evidence.author.domain) {
        dns::Resolver& resolver = within(budget);
        evidence.dmarc =
            co_await dmarc::evaluate(*evidence.author.domain, state_->discovered, state_->options.discovery,
                                     evidence.spf, evidence.dkim, resolver);
    } else {
        evidence.dmarc.reason = Reason(evidence.author.fault);
    }
    if (evidence.dmarc.result == dmarc::Result::pass) side_tasks_.cancel();
    try {
        if (!side_tasks_.is_idle()) co_await side_tasks_.join();
    } catch (const boost::system::system_error& error) {
        // Cancelled: what was not waited for stays at none.
        if (error.code() != asio::error::operation_aborted) throw;
    }
    evidence.rests_on_stale =
        std::any_of(state_->budgets.begin(), state_->budgets.end(),
                    [](const dns::BudgetedResolver& stage) { return stage.saw_stale(); });
    evidence.is_put_off = std::any_of(state_->budgets.begin(), state_->budgets.end(),
                                      [](const dns::BudgetedResolver& stage) { return stage.saw_put_off(); });
    evidence.is_spf_out_of_time = evidence.spf.result == spf::Result::temperror && state_->of_mail_from &&
                                  state_->of_mail_from->exhausted();
    co_return std::move(evidence);
}

asio::awaitable<Evidence> gather_evidence(EvidenceGatherer& gatherer, Sender sender, HeaderBlockPtr header,
                                          std::string_view body, std::chrono::system_clock::time_point now,
                                          dns::QueryBudget budget) {
    co_await gatherer.begin(std::move(sender), now, budget);
    co_await gatherer.header(std::move(header), now);
    co_await gatherer.look_up(budget);
    gatherer.body(body);
    Evidence evidence = co_await gatherer.finish(budget);
    co_return evidence;
}

namespace {

// RFC 2919 §2: the identifier stands in the angle brackets at the end of the field.
std::optional<dns::DomainName> list_domain_of(const HeaderField& list_id) {
    const auto close = list_id.value.rfind('>');
    const auto open = list_id.value.rfind('<', close);
    if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
    auto domain = dns::DomainName::parse(ascii::trim(list_id.value.substr(open + 1, close - open - 1)));
    if (!domain || !domain->is_host_name(true)) return std::nullopt;
    return domain;
}

}  // namespace

IndirectFlow find_indirect_flow(const HeaderBlock& header) {
    IndirectFlow flow;
    for (const HeaderField& field : header.fields()) {
        if (field.is("ARC-Seal")) flow.arc = true;
        if (ascii::starts_with_ignoring_case(field.name, "List-")) flow.list = true;
        if (ascii::starts_with_ignoring_case(field.name, "Resent-")) flow.resent = true;
        if (field.is("List-Id") && !flow.list_domain) flow.list_domain = list_domain_of(field);
    }
    return flow;
}

}  // namespace gatepost::auth
