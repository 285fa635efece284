#include "server/outgoing_message.hpp"

#include <utility>

namespace gatepost::server {

OutgoingMessage::OutgoingMessage(std::string top, auth::HeaderBlockPtr header, const SpooledBody& body,
                                 const std::function<bool(const auth::HeaderField&)>& remove)
    : top_(std::move(top)), header_(std::move(header)), body_(body) {
    parts_.push_back(top_);
    const std::string_view all = header_->octets();
    std::size_t kept_from = 0;
    for (const auth::HeaderField& field : header_->fields()) {
        if (!remove(field)) continue;
        const auto at = static_cast<std::size_t>(field.raw.data() - all.data());
        if (at > kept_from) parts_.push_back(all.substr(kept_from, at - kept_from));
        kept_from = at + field.raw.size();
    }
    if (kept_from < all.size()) parts_.push_back(all.substr(kept_from));
}

void OutgoingMessage::insert(std::size_t at, std::string_view fields) {
    top_.insert(at, fields);
    parts_.front() = top_;
}

std::string OutgoingMessage::header_text() const {
    std::string text;
    for (const std::string_view part : parts_)
        text += part;
    return text;
}

}  // namespace gatepost::server
