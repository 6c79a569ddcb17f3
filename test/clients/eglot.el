;;; eglot.el --- Converses with the daemon by way of eglot, the language client of Emacs  -*- lexical-binding: t -*-
;;; Commentary:
;; eglot sends everything that it sends to a language server.  It kills the server's group of processes when it has sent
;; `exit', so the exit code can't be known.
;;; Code:
(require 'package)
(package-initialize)
(require 'eglot)
(require 'subr-x)

(defvar client-output "")

;; It waits 3 seconds for a server otherwise, and then works without it until it has come.
(setq eglot-sync-connect t)

(cl-defmethod eglot-handle-notification (server (_method (eql command/output)) &key commandId data &allow-other-keys)
  "Answer the first output of SERVER, and collect all of it."
  (when (string-empty-p client-output)
    (jsonrpc-notify server :command/input (list :commandId commandId :data "two\n")))
  (setq client-output (concat client-output data)))

(defun client-report (report)
  "Write REPORT, which is an alist or a text."
  (with-temp-file (getenv "REPORT") (insert (json-serialize report))))

(condition-case fault
    (let ((folder (file-name-as-directory (make-temp-file "eglot-" t))))
      (unwind-protect
          (with-current-buffer (find-file-noselect (concat folder "file.sh"))
            (eglot '(sh-mode) (cons 'transient folder) 'eglot-lsp-server (list (getenv "DAEMON")) "shellscript")
            (let* ((server (or (eglot-current-server) (error "There is no server")))
                   (request (lambda (method params) (jsonrpc-request server method params :timeout 60)))
                   (id (plist-get (funcall request :session/create '(:runtime "native" :language "shellscript")) :sessionId))
                   (run (funcall request :command/runCode
                                 (list :sessionId id :code (getenv "PROGRAM") :interactive t :commandId "run")))
                   (error (condition-case fault
                              (funcall request :command/readFile (list :sessionId id :path "missing"))
                            (jsonrpc-error (alist-get 'jsonrpc-error-code (cddr fault)))))
                   (close (funcall request :session/close (list :sessionId id))))
              (eglot-shutdown server nil 60)
              (client-report `((output . ,client-output) (exitCode . ,(plist-get run :exitCode)) (error . ,error)
                               (closed . ,(plist-get close :closed))))))
        (delete-directory folder t)))
  (error (client-report `((fault . ,(format "%S" fault))))))
;;; eglot.el ends here
