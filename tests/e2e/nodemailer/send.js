// One message by nodemailer: {"transport": ..., "mail": ...} on standard input, the final reply on standard output.
const nodemailer = require('nodemailer');

const order = JSON.parse(require('fs').readFileSync(0, 'utf8'));
nodemailer.createTransport(order.transport).sendMail(order.mail).then(
    (sent) => console.log(sent.response),
    (problem) => {
        console.error(problem);
        process.exitCode = 1;
    });
