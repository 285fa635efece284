// A downstream server on a socket, and the delivery to it, for the driver without sockets: RCPT and the end
// of data are answered by what server/relay makes of what the server says.
#pragma once

#include "tests/support/smtp_driver.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace gatepost::tests {

class ScriptedDownstream {
  public:
    ScriptedDownstream();
    ~ScriptedDownstream();
    ScriptedDownstream(const ScriptedDownstream&) = delete;
    ScriptedDownstream& operator=(const ScriptedDownstream&) = delete;

    // From now on the driver's transactions go here. It must not outlive this.
    void stand_behind(SmtpDriver& driver);
    // Nobody listens any more.
    void refuse_connections();
    // What is said to the end of data from now on; empty: the connection is closed without a word.
    void answer_messages(std::string_view reply);
    // The content of the last message, dot-stuffing undone, as it was taken.
    const std::string& last_message() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatepost::tests
