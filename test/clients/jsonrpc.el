;;; jsonrpc.el --- Converses with the daemon by way of Emacs's jsonrpc.el  -*- lexical-binding: t -*-
;;; Commentary:
;; The library sends "params": null for no params, and can't cancel a request.
;;; Code:
(require 'jsonrpc)
(require 'subr-x)

(defvar client-output "")

(defun client-read (connection method params)
  "Answer the first output that CONNECTION brings, and collect all of it.  METHOD and PARAMS are those of a notification."
  (when (eq method 'command/output)
    (when (string-empty-p client-output)
      (jsonrpc-notify connection 'command/input (list :commandId (plist-get params :commandId) :data "two\n")))
    (setq client-output (concat client-output (plist-get params :data)))))

(defun client-report (report)
  "Write REPORT, which is an alist or a text."
  (with-temp-file (getenv "REPORT") (insert (json-serialize report))))

(condition-case fault
    (let* ((process (make-process :name "daemon" :command (list (getenv "DAEMON")) :connection-type 'pipe
                                  :coding 'utf-8-emacs-unix :noquery t :stderr (get-buffer-create "*daemon stderr*")))
           (daemon (make-instance 'jsonrpc-process-connection :name "daemon" :process process
                                  :notification-dispatcher #'client-read))
           (request (lambda (method params) (jsonrpc-request daemon method params :timeout 60)))
           (_ (funcall request 'initialize (list :processId (emacs-pid) :capabilities (make-hash-table))))
           (_ (jsonrpc-notify daemon 'initialized (make-hash-table)))
           (id (plist-get (funcall request 'session/create '(:runtime "native" :language "shellscript")) :sessionId))
           (run (funcall request 'command/runCode
                         (list :sessionId id :code (getenv "PROGRAM") :interactive t :commandId "run")))
           (error (condition-case fault
                      (funcall request 'command/readFile (list :sessionId id :path "missing"))
                    (jsonrpc-error (alist-get 'jsonrpc-error-code (cddr fault)))))
           (close (funcall request 'session/close (list :sessionId id))))
      (funcall request 'shutdown nil)
      (jsonrpc-notify daemon 'exit nil)
      (with-timeout (10) (while (process-live-p process) (accept-process-output process 1)))
      (client-report `((output . ,client-output) (exitCode . ,(plist-get run :exitCode)) (error . ,error)
                       (closed . ,(plist-get close :closed)) (daemon . ,(process-exit-status process)))))
  (error (client-report `((fault . ,(format "%S" fault))))))
;;; jsonrpc.el ends here
