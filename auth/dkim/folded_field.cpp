#include "auth/dkim/folded_field.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::auth::dkim {
namespace {

constexpr std::size_t maximum_line = 76;  // RFC 5322 §2.1.1 advises 78
constexpr std::size_t tab_width = 8;

}  // namespace

FoldedField::FoldedField(std::string start) : text_(std::move(start)) {
    const std::size_t fold = text_.rfind('\n');
    column_ = fold == std::string::npos ? text_.size() : text_.size() - fold + tab_width - 2;
}

void FoldedField::tag(std::string_view piece) {
    if (column_ + 1 + piece.size() > maximum_line)
        fold();
    else
        add(" ");
    add(piece);
}

void FoldedField::more(std::string_view piece) {
    if (column_ + piece.size() > maximum_line) fold();
    add(piece);
}

void FoldedField::base64(std::string_view piece) {
    while (!piece.empty()) {
        if (column_ >= maximum_line) fold();
        const std::size_t room = std::min(piece.size(), maximum_line - column_);
        add(piece.substr(0, room));
        piece.remove_prefix(room);
    }
}

void FoldedField::fold() {
    text_ += "\r\n\t";
    column_ = tab_width;
}

void FoldedField::add(std::string_view piece) {
    text_ += piece;
    column_ += piece.size();
}

}  // namespace gatepost::auth::dkim
