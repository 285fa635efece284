// What each command does. The order that all share is in check_order(), the table in command_table.cpp.
#include "server/smtp/command_table.hpp"
#include "server/smtp/session.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::server::smtp {
namespace {

// RFC 5321 §4.1.1.1, §4.1.4: names that do not verify are taken; what is no Domain or address literal by its
// octets is not. '_' is forgiven.
bool is_hello_argument(std::string_view text) {
    constexpr std::string_view specials = "-._:[]";
    return !text.empty() && text.size() <= max_domain_octets &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return ascii::is_alnum(c) || specials.find(c) != std::string_view::npos;
           });
}

// Takes "FROM:" or "TO:" and the spaces behind it off `argument`; RFC 5321 §3.3 allows no space there, but
// many clients send one.
bool take_keyword(std::string_view& argument, std::string_view keyword) {
    if (!ascii::starts_with_ignoring_case(argument, keyword)) return false;
    argument.remove_prefix(keyword.size());
    argument.remove_prefix(std::min(argument.find_first_not_of(' '), argument.size()));
    return true;
}

Reply path_refusal(PathFault fault, bool is_sender) {
    const char* const syntax = is_sender ? "5.1.7" : "5.1.3";  // RFC 3463 §3.2
    switch (fault) {
        case PathFault::too_long:
            return Reply(501, syntax, "Path too long");  // RFC 5321 §4.5.3.1.10
        case PathFault::not_utf8:
            return Reply(501, syntax, "Address is not UTF-8");
        case PathFault::bad_domain:
            return Reply(553, syntax, "No valid domain in the address");
        case PathFault::no_u_label:
            // RFC 6531 §3.5, §3.3
            return Reply(553, "5.6.7", "Domain in the address is not in U-labels or A-labels");
        case PathFault::syntax:
            break;
    }
    return Reply(501, syntax, "Bad address syntax");
}

Reply parameter_refusal(ParameterFault fault, std::string_view culprit) {
    const std::string name(culprit);
    if (name.empty()) return Reply(501, "5.5.4", "Syntax error in the parameters");
    // RFC 5321 §4.1.1.11
    if (fault == ParameterFault::not_implemented)
        return Reply(555, "5.5.4", "Parameter not implemented: " + name);
    return Reply(501, "5.5.4", "Bad value of " + name);
}

// RFC 6531 §3.5.
Reply internationalized_refusal() {
    return Reply(553, "5.6.7", "Address is not ASCII and SMTPUTF8 was not given");
}

// user%elsewhere@ours, elsewhere!user@ours, "user@elsewhere"@ours: a downstream server that trusts us might
// relay it (RFC 5321 §4.1.1.3 has source routes for this, and they are ignored).
bool asks_for_routing(const Path& path) {
    return path.unquoted_local_part().find_first_of("@%!") != std::string::npos;
}

}  // namespace

bool Session::may_wait(Verb verb) {
    const auto* rule = find_rule(verb);
    return rule != nullptr && !rule->ends_group;
}

std::optional<Reply> Session::check_order(const Command& command) const {
    const auto* rule = find_rule(command.verb);
    if (rule == nullptr) return std::nullopt;
    // RFC 3207 §4
    if (options_->tls == TlsMode::required && !tls_active_ && !rule->before_tls)
        return Reply(530, "5.7.0", "Must issue a STARTTLS command first");
    if (rule->argument == Argument::none && !command.argument.empty())
        return Reply(501, "5.5.4", "No argument is allowed");
    if (rule->argument == Argument::required && command.argument.empty())
        return Reply(501, "5.5.4", "An argument is missing");
    // RFC 5321 §4.1.4
    if (!rule->before_hello && helo_.empty()) return Reply(503, "5.5.1", "Send EHLO or HELO first");
    return std::nullopt;
}

Action Session::dispatch(const Command& command) {
    switch (command.verb) {
        case Verb::ehlo:
            return on_hello(command.argument, true);
        case Verb::helo:
            return on_hello(command.argument, false);
        case Verb::mail:
            return on_mail(command.argument);
        case Verb::rcpt:
            return on_rcpt(command.argument);
        case Verb::data:
            return on_data();
        case Verb::bdat:
            return on_bdat(command);
        case Verb::rset:
            reset_transaction();
            return SendReply{Reply(250, "2.0.0", "Reset"), true};
        case Verb::noop:
            return SendReply{Reply(250, "2.0.0", "OK"), false};
        // RFC 5321 §3.5.3: addresses are told to nobody, and RCPT is the way to try one.
        case Verb::vrfy:
            return SendReply{Reply(252, "2.5.0", "Cannot verify, but will take mail for it"), false};
        case Verb::expn:
            return fail(Reply(502, "5.5.1", "EXPN is not implemented"));
        case Verb::help:
            return SendReply{help_reply(), false};
        case Verb::quit:
            return close(Reply(221, "2.0.0", options_->hostname + " closing the connection"));
        case Verb::starttls:
            return on_starttls();
        case Verb::xclient:
            return on_xclient(command.argument);
        case Verb::unimplemented:
            return fail(Reply(502, "5.5.1", "Command not implemented"));
        case Verb::http:
            return close(Reply(421, "4.7.0", options_->hostname + " speaks SMTP, not HTTP"));
        case Verb::unknown:
            break;
    }
    return fail(Reply(500, "5.5.2", "Command not recognized"));
}

// RFC 5321 §4.1.1.1, §4.1.4: at any time, and it ends a transaction.
Action Session::on_hello(std::string_view argument, bool extended) {
    if (argument.empty()) return on_nameless_hello();
    if (!is_hello_argument(argument)) return fail(Reply(501, "5.5.4", "Bad domain name or address literal"));
    reset_transaction();
    set_hello(argument, extended);
    // RFC 2034 §4: no enhanced code in these two.
    return SendReply{extended ? ehlo_reply() : Reply(250, "", options_->hostname), false};
}

void Session::set_hello(std::string_view argument, bool extended) {
    extended_ = extended;
    helo_ = argument;
    const bool is_literal = argument.find_first_of("[:]") != std::string_view::npos;
    helo_domain_ = is_literal ? std::nullopt : dns::DomainName::parse(argument);
}

Reply Session::ehlo_reply() const {
    std::vector<std::string> lines{options_->hostname, "PIPELINING"};
    lines.emplace_back("CHUNKING");  // whatever the downstream offers: it is given the message by DATA
    if (offered_.size) lines.push_back("SIZE " + std::to_string(message_size()));
    if (offered_.eight_bit_mime) lines.emplace_back("8BITMIME");
    if (offered_.eight_bit_mime && offered_.smtputf8) lines.emplace_back("SMTPUTF8");
    if (is_starttls_offered()) lines.emplace_back("STARTTLS");
    if (offered_.dsn) lines.emplace_back("DSN");
    if (offered_now().requiretls) lines.emplace_back("REQUIRETLS");
    lines.push_back(limits_line());
    lines.emplace_back("ENHANCEDSTATUSCODES");
    if (is_xclient_offered()) lines.push_back("XCLIENT " + std::string(xclient_attributes));
    return Reply(250, "", lines);
}

// RFC 9422 §4: what a client can plan by. Both are bounds of ours on less than the RFC's words count.
std::string Session::limits_line() const {
    const auto bounded = [](std::size_t limit) {
        return std::to_string(std::min(limit, max_announced_limit));
    };
    return "LIMITS RCPTMAX=" + bounded(offered_.one_recipient ? 1 : options_->limits.recipients) +
           " MAILMAX=" + bounded(options_->limits.messages_per_connection);
}

// RFC 8689 §2: REQUIRETLS is not announced outside of TLS.
OfferedExtensions Session::offered_now() const {
    OfferedExtensions offered = offered_;
    offered.requiretls = offered.requiretls && tls_active_;
    return offered;
}

// What EHLO announces holds at MAIL and at the end of data alike.
std::uint64_t Session::message_size() const {
    const std::uint64_t ours = options_->limits.message_size;
    const std::uint64_t theirs = offered_.max_size;
    if (!offered_.size || theirs == 0) return ours;
    // SIZE 0 would mean no limit (RFC 1870 §4).
    return std::min(ours, theirs > max_added_octets ? theirs - max_added_octets : 1);
}

Reply Session::help_reply() const {
    std::string text = "Commands:";
    for (const auto& rule : command_table()) {
        if (!is_offered(rule.verb)) continue;
        text += ' ';
        text += rule.keyword;
    }
    return Reply(214, "2.0.0", text);
}

Action Session::on_mail(std::string_view argument) {
    if (envelope_)
        return fail(Reply(503, "5.5.1", "A transaction is open already"), true);  // RFC 5321 §4.1.4
    if (senders_ >= options_->limits.messages_per_connection)
        return close(Reply(421, "4.7.0", options_->hostname + " Too many messages in one connection"));
    if (!take_keyword(argument, "FROM:"))
        return fail(Reply(501, "5.5.4", "Syntax: MAIL FROM:<address>"), true);
    Envelope envelope;
    auto path = parse_reverse_path(argument);
    if (!path.path) path = read_path_of_old(argument, std::move(path), true, envelope.forgiven_by);
    if (!path.path) return fail(path_refusal(path.fault, true), true);
    auto result = parse_mail_parameters(path.rest, offered_now());
    if (!result.parameters) return fail(parameter_refusal(result.fault, result.culprit), true);
    if (path.path->is_internationalized() && !result.parameters->smtputf8)
        return fail(internationalized_refusal(), true);
    // RFC 1870 §6.1 (1)
    if (result.parameters->size > message_size())
        return fail(Reply(552, "5.3.4", "Message size exceeds the fixed limit"), true);
    envelope.reverse_path = std::move(*path.path);
    envelope.body = result.parameters->body;
    envelope.smtputf8 = result.parameters->smtputf8;
    envelope.declared_size = result.parameters->size;
    envelope.requiretls = result.parameters->requiretls;
    envelope.dsn = std::move(result.parameters->dsn);
    envelope_ = std::move(envelope);
    state_ = State::sender;
    return CheckSender{};
}

Action Session::on_rcpt(std::string_view argument) {
    if (!envelope_) return fail(Reply(503, "5.5.1", "Send MAIL first"), true);
    if (chunking_ != Chunking::none) return fail(Reply(503, "5.5.1", "The message has begun"), true);
    if (!take_keyword(argument, "TO:")) return fail(Reply(501, "5.5.4", "Syntax: RCPT TO:<address>"), true);
    auto path = parse_forward_path(argument);
    if (!path.path) path = read_path_of_old(argument, std::move(path), false, envelope_->forgiven_by);
    if (!path.path) return refuse_recipient(path_refusal(path.fault, false));
    auto result = parse_rcpt_parameters(path.rest, offered_, envelope_->smtputf8);
    if (!result.parameters) return fail(parameter_refusal(result.fault, result.culprit), true);
    if (path.completed) complete_orcpt(result.parameters->orcpt, *path.path);
    if (path.path->is_postmaster_alone() && !options_->domains.empty())
        path.path = path.path->at(options_->domains.front());
    if (auto refusal = check_recipient(*path.path)) return refuse_recipient(std::move(*refusal));
    checked_recipient_ = Recipient(std::move(*path.path), std::move(*result.parameters));
    state_ = State::recipient;
    return CheckRecipient{*checked_recipient_};
}

std::optional<Reply> Session::check_recipient(const Path& path) const {
    if (path.is_internationalized() && !envelope_->smtputf8) return internationalized_refusal();
    const auto& ours = options_->domains;
    if (!path.domain() || std::find(ours.begin(), ours.end(), *path.domain()) == ours.end()) {
        const auto at = path.mailbox().substr(std::min(path.local_part().size() + 1, path.mailbox().size()));
        return Reply(550, "5.7.1", "Relay not permitted for " + (path.domain() ? path.domain()->text() : at));
    }
    if (!options_->routed_local_parts && asks_for_routing(path))
        return Reply(550, "5.7.1", "Relay not permitted: the local part asks for a route");
    // RFC 5321 §4.5.3.1.10: 452, so that the client sends the rest in a further transaction.
    if (envelope_->recipients.size() >= options_->limits.recipients ||
        refused_recipients_ >= max_refused_recipients)
        return Reply(452, "4.5.3", "Too many recipients");
    return std::nullopt;
}

// RFC 5321 §3.3, §4.1.1.4.
Action Session::on_data() {
    if (!envelope_) return fail(Reply(503, "5.5.1", "Send MAIL and RCPT first"));
    // RFC 3030 §2
    if (chunking_ != Chunking::none) return fail(Reply(503, "5.5.1", "The message came by BDAT, send RSET"));
    if (auto refusal = check_recipients()) {
        if (refusal->is_transient_failure()) return SendReply{std::move(*refusal), false};
        return fail(std::move(*refusal));
    }
    state_ = State::message;
    return ReceiveMessage{Reply(354, "", "Start mail input; end with <CRLF>.<CRLF>")};
}

bool Session::is_offered(Verb verb) const {
    if (verb == Verb::starttls) return is_starttls_offered();
    return verb != Verb::xclient || is_xclient_offered();
}

std::optional<Reply> Session::check_recipients() const {
    if (!envelope_->recipients.empty()) return std::nullopt;
    // A client that looks at this reply alone must not give up what could be taken later.
    if (recipients_deferred_) return Reply(451, "4.5.1", "No recipient was taken, try again later");
    if (refused_recipients_ > 0) return Reply(554, "5.5.1", "No valid recipients");
    return Reply(503, "5.5.1", "Send RCPT first");
}

bool Session::is_starttls_offered() const {
    return (options_->tls == TlsMode::starttls || options_->tls == TlsMode::required) && !tls_active_;
}

Action Session::on_starttls() {
    if (tls_active_) return fail(Reply(503, "5.5.1", "TLS is active already"));
    if (!is_starttls_offered()) return fail(Reply(502, "5.5.1", "STARTTLS is not implemented"));
    // A transaction that is half in the clear would be two peers' in one.
    if (envelope_) return fail(Reply(503, "5.5.1", "Not inside a transaction"));
    state_ = State::tls;
    return StartTls{Reply(220, "2.0.0", "Ready to start TLS")};
}

// XCLIENT_README, "XCLIENT server reply codes".
Action Session::on_xclient(std::string_view argument) {
    if (!is_xclient_offered()) {
        const char* const why =
            client_named_ ? "The client is named already" : "XCLIENT is not for this host";
        return fail(Reply(550, "5.7.0", why));
    }
    if (envelope_) return fail(Reply(503, "5.5.1", "Not inside a transaction"));
    auto attributes = parse_xclient(argument);
    const bool good = attributes && (!attributes->helo || attributes->helo->empty() ||
                                     is_hello_argument(*attributes->helo));
    if (!good) return fail(Reply(501, "5.5.4", "Bad XCLIENT parameter"));
    client_ = std::move(*attributes);
    state_ = State::client;
    return ChangeClient{client_};
}

}  // namespace gatepost::server::smtp
