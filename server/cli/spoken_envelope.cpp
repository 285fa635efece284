#include "server/cli/spoken_envelope.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace gatepost::server::cli {
namespace {

using smtp::Reply;

constexpr std::string_view nobody = "localhost";  // where no HELO is given, and the protocol needs one

// The refusal of a line, or nullopt. Whoever asks others is told that nobody objects.
std::optional<Reply> say(smtp::Session& session, const std::string& line) {
    smtp::Action action = session.on_line(line);
    if (std::holds_alternative<smtp::CheckSender>(action)) action = session.on_sender_checked(std::nullopt);
    if (std::holds_alternative<smtp::CheckRecipient>(action))
        action = session.on_recipient_checked(std::nullopt);
    const Reply* reply = nullptr;
    if (const auto* sent = std::get_if<smtp::SendReply>(&action)) reply = &sent->reply;
    if (const auto* closed = std::get_if<smtp::Close>(&action)) reply = &closed->reply;
    if (reply == nullptr) return Reply(503, "5.5.1", "Bad argument");
    return reply->is_positive() ? std::nullopt : std::optional<Reply>(*reply);
}

// RFC 5321 §4.2.2: 501, in parameters or arguments.
bool blames_syntax(const std::optional<Reply>& refusal) {
    return refusal && (refusal->code() == 500 || refusal->code() == 501 || refusal->code() == 503);
}

std::string bad(std::string_view option, std::string_view argument, const Reply& refusal) {
    std::string text(option);
    text.append(" \"").append(argument).append("\": ").append(refusal.text());
    std::replace_if(
        text.begin(), text.end(), [](char c) { return !ascii::is_printable(c); }, '?');
    return text;
}

bool is_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(), ascii::is_8bit);
}

// What no line can carry would end it, and be a command of its own.
bool fits_a_line(std::string_view argument) {
    return argument.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

SpokenEnvelope speak_envelope(std::shared_ptr<const smtp::SessionOptions> options, smtp::ClientLeave leave,
                              const std::string& helo, const std::string& mail_from,
                              const std::vector<std::string>& rcpt_to) {
    SpokenEnvelope spoken;
    const Reply broken(501, "5.5.2", "a line end or NUL");
    smtp::Session session(std::move(options), smtp::OfferedExtensions(), std::move(leave));
    session.greet();
    std::optional<Reply> refusal = broken;
    if (fits_a_line(helo)) refusal = say(session, "EHLO " + (helo.empty() ? std::string(nobody) : helo));
    if (refusal) {
        spoken.bad_argument = bad("--helo", helo, *refusal);
        return spoken;
    }
    const bool all_ascii = is_ascii(mail_from) && std::all_of(rcpt_to.begin(), rcpt_to.end(), is_ascii);
    refusal = broken;
    if (fits_a_line(mail_from))
        refusal = say(session, "MAIL FROM:<" + mail_from + ">" + (all_ascii ? "" : " SMTPUTF8"));
    if (blames_syntax(refusal)) {
        spoken.bad_argument = bad("--mail-from", mail_from, *refusal);
        return spoken;
    }
    if (refusal) {
        spoken.refusal = std::move(refusal);
        return spoken;
    }
    for (const std::string& recipient : rcpt_to) {
        refusal = broken;
        if (fits_a_line(recipient)) refusal = say(session, "RCPT TO:<" + recipient + ">");
        if (blames_syntax(refusal)) {
            spoken.bad_argument = bad("--rcpt-to", recipient, *refusal);
            return spoken;
        }
        spoken.recipients.push_back({recipient, std::move(refusal)});
    }
    spoken.envelope = *session.envelope();
    const bool any_taken = !spoken.envelope.recipients.empty();
    if (!any_taken && !spoken.recipients.empty()) spoken.refusal = spoken.recipients.front().refusal;
    return spoken;
}

}  // namespace gatepost::server::cli
