-- A copy of the database must not act for the shop. Odoo itself switches off jobs, mail and webhooks; here go the keys
-- by which tills, shops and people would reach the copy as if it were the shop, and the token of monitoring.
DELETE FROM res_users_apikeys;

DELETE FROM ir_config_parameter
      WHERE key = 'loyalty_core.metrics_token';

-- jobs of the suite, also for who neutralizes by these files alone
UPDATE ir_cron
   SET active = false
 WHERE id IN (SELECT res_id FROM ir_model_data WHERE model = 'ir.cron' AND module LIKE 'loyalty\_%');

-- notices that were not sent yet are not sent by the copy
UPDATE mail_mail
   SET state = 'cancel'
 WHERE state IN ('outgoing', 'exception');

UPDATE sms_sms
   SET state = 'canceled'
 WHERE state IN ('outgoing', 'error');
