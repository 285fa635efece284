// A signature field while it is written: tags on lines of a readable length (RFC 5322 §2.1.1), folded only
// where the grammar of tag lists has white space (RFC 6376 §3.2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatepost::auth::dkim {

class FoldedField {
  public:
    // `start`: the field so far, folds included; it may end in one, which the next tag() completes.
    explicit FoldedField(std::string start);

    // Starts a tag-spec: `piece` and what follows it stay on one line where they can.
    void tag(std::string_view piece);
    // Goes on inside a value in which white space is allowed here.
    void more(std::string_view piece);
    // Base64, folded anywhere.
    void base64(std::string_view piece);
    const std::string& text() const { return text_; }

  private:
    void fold();
    void add(std::string_view piece);

    std::string text_;
    std::size_t column_;
};

}  // namespace gatepost::auth::dkim
