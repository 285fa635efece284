// The columns of a statement, one after the other. Inside reports/store/ alone.
#pragma once

#include "reports/store/schema.hpp"

#include "dns/domain_name.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::reports::store {

class Binder {
  public:
    explicit Binder(SQLite::Statement& statement) : statement_(statement) {
        statement_.tryReset();  // reports the error of the last run once more, which is none of ours
        statement_.clearBindings();
    }
    Binder& text(std::string_view value) {
        // With its length: senders put NULs into names.
        statement_.bind(++index_, std::string(value));
        return *this;
    }
    // Not copied: it is to stay until the statement has run.
    Binder& kept_text(const std::string& value) {
        statement_.bindNoCopy(++index_, value);
        return *this;
    }
    Binder& kept_text(std::string&& value) = delete;
    // Octets that are no text. They are to stay until the statement has run.
    Binder& octets(std::string_view value) {
        statement_.bindNoCopy(++index_, value.data(), static_cast<int>(value.size()));
        return *this;
    }
    Binder& integer(std::int64_t value) {
        statement_.bind(++index_, value);
        return *this;
    }

  private:
    SQLite::Statement& statement_;
    int index_ = 0;
};

class Columns {
  public:
    explicit Columns(SQLite::Statement& statement) : statement_(statement) {}
    std::string text() { return statement_.getColumn(index_++).getString(); }
    std::int64_t integer() { return statement_.getColumn(index_++).getInt64(); }
    dns::DomainName domain() {
        auto name = dns::DomainName::parse(text());
        if (!name) throw UnusableDatabase("the state database holds a damaged name");
        return *name;
    }

  private:
    SQLite::Statement& statement_;
    int index_ = 0;
};

// The enumerator that to_string() gives `text` for; enumerators run from 0 to `last`.
template <typename E>
E enumerator(const std::string& text, E last) {
    for (int i = 0; i <= static_cast<int>(last); ++i)
        if (to_string(static_cast<E>(i)) == text) return static_cast<E>(i);
    throw UnusableDatabase("the state database holds the unknown word " + text);
}

}  // namespace gatepost::reports::store
